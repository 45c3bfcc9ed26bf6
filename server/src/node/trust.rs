//! Whom the reader trusts: trust.toml, the home's own keys, and what the command line names.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::Serialize;
use veritrail_provenance::{
    hash::StatementId,
    identity::Did,
    log::note::VKey,
    trust::{LogTable, SignerTable, TrustFile, TrustRoots, TrustSource},
};
use veritrail_storage::disk::{Disk as _, DiskPath, LockMode, LockWait};

use super::{Node, text_file::read_text};
use crate::error::{NodeError, OrKind as _, Result};

/// The file's name in the home.
const FILE: &str = "trust.toml";

/// Bytes that a trust file may have.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What `id trust` did.
#[derive(Debug, Clone, Serialize)]
pub struct Trusted {
    /// The file that holds it.
    pub file: PathBuf,
    /// Signers and logs that are trusted from now on.
    pub added: Vec<String>,
    /// Those that were trusted before.
    pub already: Vec<String>,
}

impl Node {
    /// Writes a DID, a vkey, or all that a file names, into trust.toml.
    pub fn trust(&self, root: &str, genesis: Option<&str>) -> Result<Trusted> {
        let genesis = genesis.map(statement_id).transpose()?;
        let more = named(root, genesis)?;
        let path = self.home().path().join(FILE);
        // Two processes that add at once must not lose what the other added.
        let lock = DiskPath::new("trust.lock").or_failed()?;
        let lock = self.home().disk().lock(&lock, LockMode::Exclusive, LockWait::Block);
        let _lock = lock.or_failed()?;
        let mut file = read(&path)?.unwrap_or_default();
        let mut trusted = Trusted { file: path.clone(), added: Vec::new(), already: Vec::new() };
        for signer in more.signer {
            let words = signer.did.to_string();
            let known = file.signer.contains(&signer);
            if known {
                trusted.already.push(words)
            } else {
                trusted.added.push(words)
            }
            if !known {
                file.signer.push(signer);
            }
        }
        for log in more.log {
            add_log(&mut file, log, &mut trusted);
        }
        write(&path, &file)?;
        Ok(trusted)
    }

    /// What a verification starts from: the home's own keys, trust.toml, and what the command line
    /// names (a DID, a vkey, a file, or `any`).
    pub fn trust_roots(&self, more: &[String]) -> Result<TrustRoots> {
        let mut roots = TrustRoots::none();
        for person in self.persons()?.persons {
            roots = roots.with_signer(person.did, None, TrustSource::OwnKey);
        }
        roots = roots.with_vkey(self.vkey().clone(), TrustSource::OwnKey).or_failed()?;
        let path = self.home().path().join(FILE);
        if let Some(file) = read(&path)? {
            roots = roots.with(of_file(&file, TrustSource::TrustFile, &path)?);
        }
        Ok(roots.with(command_line_roots(more)?))
    }
}

/// What `--trust` names, on its own: what a verification without a home starts from.
pub fn command_line_roots(names: &[String]) -> Result<TrustRoots> {
    let mut roots = TrustRoots::none();
    for name in names {
        let more = match name.as_str() {
            "any" => TrustRoots { any: true, ..TrustRoots::none() },
            _ => of_file(&named(name, None)?, TrustSource::CommandLine, Path::new(name))?,
        };
        roots = roots.with(more);
    }
    Ok(roots)
}

/// A DID, a vkey or a file, as a trust file has it.
fn named(root: &str, genesis: Option<StatementId>) -> Result<TrustFile> {
    let usage = |message: String| NodeError::usage(message).at(root);
    if root.starts_with("did:") {
        let did: Did = root.parse().map_err(|e| usage(format!("this is no DID: {e}")))?;
        if did.method() == "key" {
            did.public_key().map_err(|e| usage(format!("nobody can sign as this DID: {e}")))?;
        }
        let signer = vec![SignerTable { did, genesis }];
        return Ok(TrustFile { signer, ..TrustFile::default() });
    }
    if genesis.is_some() {
        return Err(usage("--genesis belongs to a DID".to_owned()));
    }
    if let Some(file) = read(Path::new(root))? {
        return Ok(file);
    }
    let vkey: VKey = root.parse().map_err(|e| {
        usage(format!("neither a DID nor a file, and as a vkey: {e}"))
            .hint("write a DID, a vkey as `veritrail id show` prints it, or a file like trust.toml")
    })?;
    let origin = vkey.name().parse().map_err(|e| usage(format!("the vkey's name: {e}")))?;
    Ok(TrustFile { log: vec![LogTable { origin, vkeys: vec![vkey] }], ..TrustFile::default() })
}

fn add_log(file: &mut TrustFile, log: LogTable, trusted: &mut Trusted) {
    let known = match file.log.iter_mut().find(|known| known.origin == log.origin) {
        Some(known) => known,
        None => {
            file.log.push(LogTable { origin: log.origin, vkeys: Vec::new() });
            let Some(new) = file.log.last_mut() else { return };
            new
        }
    };
    for vkey in log.vkeys {
        if known.vkeys.contains(&vkey) {
            trusted.already.push(vkey.to_string());
        } else {
            trusted.added.push(vkey.to_string());
            known.vkeys.push(vkey);
        }
    }
}

fn of_file(file: &TrustFile, source: TrustSource, path: &Path) -> Result<TrustRoots> {
    file.roots(source).map_err(|e| refused(path, &e.to_string()))
}

/// Reads a trust file strictly; None where there is none.
fn read(path: &Path) -> Result<Option<TrustFile>> {
    let text = match read_text(path, FILE_BYTES_MAX) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(e) => return Err(refused(path, &e.to_string())),
    };
    let file: TrustFile = toml::from_str(&text).map_err(|e| refused(path, e.message()))?;
    of_file(&file, TrustSource::TrustFile, path)?;
    Ok(Some(file))
}

fn refused(path: &Path, why: &str) -> NodeError {
    NodeError::could_not_check(format!("this trust file is refused: {why}"))
        .at(path.display())
        .hint("it holds version = 1, [[signer]] with did, [[log]] with origin and vkeys; no more")
}

/// Writes the file whole or not at all.
fn write(path: &Path, file: &TrustFile) -> Result<()> {
    let text = toml::to_string(file).or_failed()?;
    let new = path.with_extension("toml.new");
    let written = fs::File::create(&new)
        .and_then(|mut to| to.write_all(text.as_bytes()).and_then(|()| to.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    written.map_err(|e| NodeError::failed(e.to_string()).at(path.display()))
}

fn statement_id(hex: &str) -> Result<StatementId> {
    hex.parse().map_err(|e| {
        NodeError::usage(format!("this is no statement id: {e}"))
            .at("--genesis")
            .hint("64 hex digits, as `veritrail log show N` prints them")
    })
}
