//! Terms that a query says twice and that are computed once: guarded ones stay guarded, and no name
//! of the query's own is taken for one.

use std::sync::Arc;

use arrow::array::*;

use super::fixture::*;

fn table(third: &str) -> Tables {
    let columns: [(&str, ArrayRef); 3] = [
        ("a", Arc::new(Int64Array::from(vec![2, 3, 5]))),
        ("b", Arc::new(Int64Array::from(vec![7, 0, 11]))),
        (third, Arc::new(Int64Array::from(vec![100, 200, 300]))),
    ];
    one("t", &RecordBatch::try_from_iter(columns).unwrap())
}

/// The engine would read its own term in the place of such a column.
#[test]
fn a_column_with_the_name_of_a_term_is_itself() {
    for name in ["__common_expr_1", "__common_expr_2", "__common_expr_3"] {
        let outer = format!("sum(a * b), sum(a * b * 2), max(\"{name}\"), min(\"{name}\")");
        let inner = format!("SELECT a, b, \"{name}\" FROM t");
        let renamed = format!("SELECT a, b, a * 100 AS \"{name}\" FROM t");
        let tables = table(name);
        for from in ["t".to_owned(), format!("({inner})"), format!("({inner}) q")] {
            let found = rows(&format!("SELECT {outer} FROM {from}"), &tables);
            assert_eq!(found, ["69|138|300|100"], "{name} from {from}");
        }
        let found = rows(&format!("SELECT {outer} FROM ({renamed})"), &table("c"));
        assert_eq!(found, ["69|138|500|200"], "{name}");
        let each = format!("SELECT a * b + 1, a * b + 2, \"{name}\" FROM ({inner}) ORDER BY a");
        assert_eq!(rows(&each, &tables), ["15|16|100", "1|2|200", "56|57|300"], "{name}");
    }
}

/// What a CASE guards is not computed for the rows that it keeps out.
#[test]
fn a_guarded_term_stays_guarded() {
    let tables = table("c");
    for (sql, expected) in [
        (
            "SELECT sum(CASE WHEN b <> 0 THEN 77 / b END), \
             sum(CASE WHEN b <> 0 THEN 77 / b * 2 END) FROM t",
            "18|36",
        ),
        (
            "SELECT sum(CASE WHEN b = 0 THEN 0 ELSE 77 / b END), \
             sum(CASE WHEN b = 0 THEN 1 ELSE 77 / b END) FROM t",
            "18|19",
        ),
    ] {
        assert_eq!(rows(sql, &tables), [expected], "{sql}");
    }
}
