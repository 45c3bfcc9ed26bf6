//! A description to start from: what was inferred, written down, with places for what only a
//! person knows.

use std::fmt::Write;

use crate::manifest::TableFormat;
use crate::schema::{Column, TableSchema};

/// One file as it was found out.
#[derive(Clone, Copy, Debug)]
pub struct TemplateFile<'a> {
    /// Its path in the dataset.
    pub path: &'a str,
    /// Format and schema, if it is a table.
    pub table: Option<(&'a TableFormat, &'a TableSchema)>,
    /// What was decided about it, told as comments.
    pub notes: &'a [String],
}

/// The template for `files`. It parses back ([`super::Description::parse`]) and then declares
/// exactly what was inferred.
pub fn template(files: &[TemplateFile<'_>]) -> String {
    let mut text = String::from(
        "# What only you know about this dataset. Everything may be left out but the licence;\n\
         # what is said here is checked, and an unknown key is an error.\n\
         version = 1\n\
         title = \"\"\n\
         # An SPDX expression (CC0-1.0, CC-BY-4.0, ODbL-1.0, …), or LicenseRef-NAME and its text:\n\
         # licence = \"CC-BY-4.0\"\n\
         # licence_text = \"\"\"…\"\"\"\n\
         keywords = []\n\
         # [[creator]]\n\
         # name = \"Ada, Lab X\"\n\
         # did = \"did:key:…\"\n",
    );
    for file in files {
        file_part(&mut text, file);
    }
    text
}

fn file_part(text: &mut String, file: &TemplateFile<'_>) {
    text.push_str("\n[file.");
    text.push_str(&quoted(file.path));
    text.push_str("]\n");
    for note in file.notes {
        for line in note.lines() {
            line_of(text, format_args!("# {}", plain(line)));
        }
    }
    match file.table {
        None => text.push_str("format = \"bytes\"\n"),
        Some((TableFormat::Parquet, schema)) => {
            text.push_str("format = \"parquet\"\n");
            columns_part(text, file.path, schema);
        }
        Some((TableFormat::Csv(dialect), schema)) => {
            let delimiter = String::from(dialect.delimiter);
            let decimal = char::from(dialect.decimal.byte()).to_string();
            let nulls: Vec<String> = dialect.nulls.iter().map(|token| quoted(token)).collect();
            text.push_str("format = \"csv\"\n");
            line_of(text, format_args!("delimiter = {}", quoted(&delimiter)));
            line_of(text, format_args!("decimal = {}", quoted(&decimal)));
            line_of(text, format_args!("encoding = {}", quoted(dialect.encoding.name())));
            line_of(text, format_args!("nulls = [{}]", nulls.join(", ")));
            line_of(text, format_args!("skip_lines = {}", dialect.skip_lines));
            line_of(text, format_args!("header_rows = {}", dialect.header_rows));
            columns_part(text, file.path, schema);
        }
    }
}

fn columns_part(text: &mut String, path: &str, schema: &TableSchema) {
    for column in schema.columns() {
        let Column { name, column_type, unit, description } = column;
        line_of(text, format_args!("\n[file.{}.column.{}]", quoted(path), quoted(name)));
        line_of(text, format_args!("type = {}", quoted(&column_type.to_string())));
        for (key, value) in [("unit", unit), ("description", description)] {
            match value {
                Some(value) => line_of(text, format_args!("{key} = {}", quoted(value))),
                None => line_of(text, format_args!("# {key} = \"\"")),
            }
        }
    }
}

fn line_of(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A TOML basic string (toml.io, v1.0, "String"), which is also a quoted key.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A comment's text: TOML allows no control characters there.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
