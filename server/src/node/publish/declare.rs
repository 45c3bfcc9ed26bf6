//! What the publisher declares: the description file, with what the command line says on top. A
//! missing licence is told before a byte is read, with the whole command and one in it.

use std::path::Path;

use veritrail_datasets::{
    describe::{Description, MAX_DESCRIPTION_BYTES},
    licence::{Licence, MAX_TEXT_BYTES},
    manifest::About,
};
use veritrail_provenance::statement::Creator;

use super::{PrivateRequest, PublishRequest, inspect::Inspected};
use crate::{
    error::{NodeError, Result},
    node::text_file::read_text,
};

/// A request's words, checked.
pub(super) struct Declared {
    pub(super) description: Description,
    licence: Licence,
    title: Option<String>,
}

impl Declared {
    /// Reads the description and checks the licence.
    pub(super) fn of(request: &PublishRequest) -> Result<Self> {
        let description = match &request.describe {
            Some(path) => parse(path)?,
            None => Description::default(),
        };
        let text = match &request.licence_text {
            Some(path) => Some(read(path, MAX_TEXT_BYTES as u64)?),
            None => description.licence_text.clone(),
        };
        let expression = request.licence.as_ref().or(description.licence.as_ref());
        let Some(expression) = expression else { return Err(no_licence(request)) };
        let licence = Licence::check(expression, text.as_deref()).map_err(|e| {
            NodeError::usage(e.to_string()).at(format!("licence {expression}")).hint(
                "such as --licence CC-BY-4.0, or --licence LicenseRef-OURS --licence-text FILE",
            )
        })?;
        let title = request.title.clone().or(description.title.clone());
        let title = title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        Ok(Self { description, licence, title })
    }

    /// Refuses what is said of a private dataset: said of a public one it would be ignored, and the
    /// bytes would be everybody's.
    pub(super) fn check_public(&self) -> Result<()> {
        let said = &self.description;
        if said.commit.is_none() && said.minimum_cell.is_none() {
            return Ok(());
        }
        Err(NodeError::usage("the description says what to commit to, of a dataset made public")
            .at("--describe")
            .hint("publish it with --private; or take commit and minimum_cell out"))
    }

    /// What the manifest says of the whole dataset; without a title it is the first file's name.
    pub(super) fn about(self, found: &[Inspected]) -> About {
        let first = found.first().map(|file| file.source.path.as_str()).unwrap_or_default();
        let stem = first.rsplit('/').next().unwrap_or_default();
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let creators = self.description.creators.into_iter();
        About {
            title: self
                .title
                .unwrap_or_else(|| if stem.is_empty() { first } else { stem }.to_owned()),
            creators: creators.map(|c| Creator { name: c.name, did: c.did }).collect(),
            licence: Some(self.licence.expression().to_owned()),
            licence_text: self.licence.text().map(str::to_owned),
            keywords: self.description.keywords,
        }
    }
}

pub(super) fn parse(path: &Path) -> Result<Description> {
    let text = read(path, MAX_DESCRIPTION_BYTES as u64)?;
    Description::parse(text.as_bytes()).map_err(|e| {
        NodeError::usage(e.to_string())
            .at(path.display())
            .hint("write one to start from: veritrail publish PATH --describe-template NEW.toml")
    })
}

/// A text file that the command line names, of at most `limit` bytes.
fn read(path: &Path, limit: u64) -> Result<String> {
    let text = read_text(path, limit).map_err(|e| {
        NodeError::failed(e.to_string())
            .at(path.display())
            .hint("name a UTF-8 text file that can be read")
    })?;
    text.ok_or_else(|| {
        NodeError::not_found("no such file").at(path.display()).hint("name a file that exists")
    })
}

fn no_licence(request: &PublishRequest) -> NodeError {
    NodeError::usage("missing: without a licence nobody may reuse what is published")
        .at("--licence")
        .hint(format!("say which: {}", command_with_licence(request)))
}

/// The command again, with a licence.
fn command_with_licence(request: &PublishRequest) -> String {
    let mut words = vec!["veritrail".to_owned(), "publish".to_owned()];
    words.extend(request.paths.iter().map(|path| quoted(&path.display().to_string())));
    let describe = request.describe.as_ref().map(|path| path.display().to_string());
    let options = [
        ("--name", &request.name),
        ("--title", &request.title),
        ("--describe", &describe),
        ("--as", &request.signer),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            words.extend([option.to_owned(), quoted(value)]);
        }
    }
    if let Some(PrivateRequest { commit, minimum_cell }) = &request.private {
        words.push("--private".to_owned());
        let commit = commit.iter().flat_map(|text| ["--commit".to_owned(), quoted(text)]);
        words.extend(commit);
        let cell = minimum_cell.map(|cell| ["--minimum-cell".to_owned(), cell.to_string()]);
        words.extend(cell.into_iter().flatten());
    }
    words.push("--licence CC-BY-4.0".to_owned());
    words.join(" ")
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@+,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
