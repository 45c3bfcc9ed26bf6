//! Aggregates over windows: odd floats enter and leave a frame without a trace, in every order.

use super::calls::{Call, calls, select};
use super::orders::{SETS, cells, expected, permuted, tables};
use super::table::table;

/// The aggregates that can be asked over a window: those without an order of their own.
fn windowed() -> Vec<Call> {
    calls().into_iter().filter(|call| !call.ordered()).collect()
}

fn over(x: &str, y: &str, frame: &str) -> String {
    select(windowed().iter().map(|call| format!("{} OVER ({frame})", call.over(x, y))))
}

#[test]
fn whole_frames_in_every_order() {
    let frame =
        "PARTITION BY p ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
    let sql = format!("SELECT {} FROM t", over("x", "y", frame));
    for (values, results) in SETS {
        let (table, orders) = permuted(values);
        for rows in [10_000, 3] {
            let found = cells(&sql, &tables(&table, rows), 0);
            assert_eq!(found.len(), orders * values.len());
            assert!(found.iter().all(|row| *row == found[0]), "{values:?}: {found:#?}");
            expected(&found[0], results, &format!("{values:?} over a window"));
        }
    }
}

/// A moving frame, where rows are taken out again, against a group of the same rows.
#[test]
fn moving_frames_are_groups() {
    let table = table(400);
    for (x, y) in [("x", "z"), ("w", "z"), ("y", "d"), ("d", "y")] {
        let frame = "ORDER BY id ROWS BETWEEN 5 PRECEDING AND 1 FOLLOWING";
        let moving = format!("SELECT id, {} FROM t", over(x, y, frame));
        let calls = windowed();
        let (bx, by) = (format!("b.{x}"), format!("b.{y}"));
        let groups = select(calls.iter().map(|call| call.over(&bx, &by)));
        let grouped = format!(
            "SELECT a.id, {groups} FROM t a JOIN t b ON b.id >= a.id - 5 AND b.id <= a.id + 1 \
             GROUP BY a.id"
        );
        let moving = cells(&moving, &tables(&table, 90), 0);
        let grouped = cells(&grouped, &tables(&table, 90), 0);
        assert_eq!(moving.len(), 400);
        for (moving, grouped) in moving.iter().zip(&grouped) {
            let names = std::iter::once("id").chain(calls.iter().map(|call| call.name.as_str()));
            for (name, (moving, grouped)) in names.zip(moving.iter().zip(grouped)) {
                assert_eq!(moving, grouped, "{name}({x}, {y}) at {}", grouped);
            }
        }
    }
}
