//! The names in a claim, found in the schema of what was committed.

use veritrail_compute::sql::sqlparser::ast::{Expr, Ident, Spanned};
use veritrail_proof::schema::{Column, Kind, Schema};

use super::refused::Refused;

/// The committed columns, under the name that the claim gives its one table.
pub(super) struct Columns<'a> {
    schema: &'a Schema,
    table: String,
}

impl<'a> Columns<'a> {
    pub(super) fn new(schema: &'a Schema, table: String) -> Self {
        Self { schema, table }
    }

    /// All of them.
    pub(super) fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The column at a place that was found here.
    pub(super) fn column(&self, at: u16) -> Option<&'a Column> {
        self.schema.columns().get(usize::from(at))
    }

    pub(super) fn kind(&self, at: u16) -> Option<&'a Kind> {
        self.column(at).map(|column| &column.kind)
    }

    pub(super) fn nullable(&self, at: u16) -> bool {
        self.column(at).is_some_and(|column| column.nullable)
    }

    /// The column that an expression names, or nothing where it is no name.
    pub(super) fn named(&self, expr: &Expr) -> Result<Option<u16>, Refused> {
        match expr {
            Expr::Nested(inner) => self.named(inner),
            Expr::Identifier(name) => self.find(name).map(Some),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, name] if folded(table) == self.table => self.find(name).map(Some),
                _ => {
                    let why = "a claim is about one table, and its columns are plain";
                    Err(Refused::new(expr.to_string(), why, "write the column's name").at(expr))
                }
            },
            _ => Ok(None),
        }
    }

    /// The place of a level that a claim compares with.
    pub(super) fn level(&self, at: u16, text: &str, part: &Expr) -> Result<u8, Refused> {
        let Some(Column { name, kind: Kind::Category { levels }, .. }) = self.column(at) else {
            return Err(Refused::new(part.to_string(), "it is no category", OTHERS).at(part));
        };
        let found = levels.iter().position(|level| level == text);
        found.map(|level| level as u8).ok_or_else(|| {
            let why = format!("{name} was declared without the level {text:?}");
            let instead = format!("one of its levels: {}", levels.join(", "));
            Refused::new(part.to_string(), why, instead).at(part)
        })
    }

    fn find(&self, ident: &Ident) -> Result<u16, Refused> {
        let name = folded(ident);
        if let Some(at) = self.schema.position(&name) {
            return Ok(at);
        }
        let columns = self.schema.columns();
        let alike = columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name));
        let instead = match alike {
            Some(column) => format!("write \"{}\": names without quotes are small", column.name),
            None => {
                let names: Vec<&str> = columns.iter().map(|column| &column.name[..]).collect();
                format!("the committed columns are {}", names.join(", "))
            }
        };
        let why = "no commitment to a column of this name was published";
        Err(Refused::new(ident.to_string(), why, instead).at(&Named(ident)))
    }
}

/// What a claim can say of a column that is no number.
const OTHERS: &str = "compare a category with one of its levels, or name a boolean";

/// A name as SQL takes it: in small letters unless it is quoted.
pub(super) fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    }
}

/// A name with its place.
pub(super) struct Named<'a>(pub(super) &'a Ident);

impl Spanned for Named<'_> {
    fn span(&self) -> veritrail_compute::sql::sqlparser::tokenizer::Span {
        self.0.span
    }
}
