//! What a person writes on the command line to describe a run, as a [`Spec`].

use std::collections::BTreeMap;

use veritrail_compute::run::{
    parameter::Parameter,
    spec::{Spec, Tolerance},
};

use crate::error::{Kind, NodeError, OrKind as _, Result};

/// `--sql`, `--input`, `--param` and `--tolerance` together.
///
/// # Errors
/// Usage: names the argument and shows its form.
pub(super) fn spec(
    sql: &str,
    inputs: &[String],
    parameters: &[String],
    tolerance: &[String],
) -> Result<Spec> {
    let inputs = each("--input", "NAME=REF or NAME=REF/path", inputs, |text| Ok(text.to_owned()))?;
    let mut spec = Spec::new(sql.to_owned(), inputs).or_kind(Kind::Usage)?;
    spec.parameters = each("--param", "NAME=VALUE", parameters, parameter)?;
    let tolerance = each("--tolerance", "COLUMN=0.01 or COLUMN=1%", tolerance, bound)?;
    spec.tolerating(tolerance).or_kind(Kind::Usage)
}

fn each<T>(
    option: &str,
    form: &str,
    given: &[String],
    read: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<BTreeMap<String, T>> {
    let mut found = BTreeMap::new();
    for text in given {
        let wrong = |why: String| {
            NodeError::usage(why).at(format!("{option} {text}")).hint(format!("write {form}"))
        };
        let (name, value) =
            text.split_once('=').ok_or_else(|| wrong("there is no = in it".to_owned()))?;
        let value = read(value).map_err(wrong)?;
        if found.insert(name.to_owned(), value).is_some() {
            return Err(wrong(format!("{name} is given twice")));
        }
    }
    Ok(found)
}

/// A TOML value: `3`, `2.5`, `"text"`, `true`, `2024-01-31`.
fn parameter(text: &str) -> std::result::Result<Parameter, String> {
    let table: toml::Table = toml::from_str(&format!("value = {text}\n")).map_err(|_| {
        "the value is none of 3, 2.5, \"text\", true, 2024-01-31 (text needs its quotes)".to_owned()
    })?;
    match (table.len(), table.get("value")) {
        (1, Some(value)) => Parameter::from_toml(value),
        _ => Err("one value, on one line".to_owned()),
    }
}

fn bound(text: &str) -> std::result::Result<Tolerance, String> {
    let number =
        |text: &str| text.trim().parse::<f64>().map_err(|_| format!("{text} is no number"));
    Ok(match text.strip_suffix('%') {
        Some(percent) => Tolerance { absolute: None, relative: Some(number(percent)? / 100.0) },
        None => Tolerance { absolute: Some(number(text)?), relative: None },
    })
}
