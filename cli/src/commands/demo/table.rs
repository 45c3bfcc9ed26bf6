//! A result shown to a person: columns aligned, numbers with a few digits.

use serde_json::Value;

/// Lays `rows` (lists of values) out under `columns`, numbers to one digit after the point.
pub(super) fn lay_out(columns: &[String], rows: &[Vec<Value>]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let below = cells.iter().filter_map(|row| row.get(at)).map(|c| c.chars().count());
            below.chain([columns[at].chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
        format!("     {}", padded.collect::<Vec<_>>().join("  "))
    };
    std::iter::once(line(columns))
        .chain(cells.iter().map(|row| line(row)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The same table with rows and columns exchanged, for few rows of many columns.
pub(super) fn turned(columns: &[String], rows: &[Vec<Value>]) -> String {
    let width = columns.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    let line = |(at, column): (usize, &String)| {
        let values: Vec<String> = rows
            .iter()
            .map(|row| format!("{:>9}", row.get(at).map(cell).unwrap_or_default()))
            .collect();
        format!("     {column:<width$}  {}", values.join("  "))
    };
    columns.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map(|n| format!("{n:.1}")).unwrap_or_default()
        }
        Value::String(text) => text
            .parse::<f64>()
            .ok()
            .filter(|_| text.contains('.'))
            .map_or_else(|| text.clone(), |n| format!("{n:.1}")),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
