//! The tables at scale factor 0.1, with the pairs that break naive sums.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Float64Type, Int64Type};

use super::generate::{Generated, generate};

/// What is added to a column and taken away again.
pub const HUGE: f64 = 1e300;

/// 1994-01-01 and the first day after that year, as days since 1970.
pub const YEAR_1994: std::ops::Range<i32> = 8_766..9_131;

/// Scale factor 0.1 with the pairs, made once for all tests.
pub fn tenth() -> &'static [Generated] {
    static TABLES: LazyLock<Vec<Generated>> = LazyLock::new(|| {
        let mut tables = generate(0.1);
        let pairs = huge_pairs(&tables);
        let lineitem = &mut tables[0].1;
        let halves = [pairs.slice(0, 2), lineitem.clone(), pairs.slice(2, 2)];
        *lineitem = concat_batches(&lineitem.schema(), &halves).unwrap();
        tables
    });
    &TABLES
}

/// A table by name.
pub fn table<'a>(tables: &'a [Generated], name: &str) -> &'a RecordBatch {
    &tables.iter().find(|(found, _)| *found == name).unwrap().1
}

/// A column of it.
pub fn integers<'a>(table: &'a RecordBatch, name: &str) -> &'a [i64] {
    table.column_by_name(name).unwrap().as_primitive::<Int64Type>().values()
}

/// A column of it.
pub fn floats<'a>(table: &'a RecordBatch, name: &str) -> &'a [f64] {
    table.column_by_name(name).unwrap().as_primitive::<Float64Type>().values()
}

/// A column of it, in days since 1970.
pub fn days<'a>(table: &'a RecordBatch, name: &str) -> &'a [i32] {
    table.column_by_name(name).unwrap().as_primitive::<Date32Type>().values()
}

/// A column of it.
pub fn texts<'a>(table: &'a RecordBatch, name: &str) -> &'a StringArray {
    table.column_by_name(name).unwrap().as_string()
}

/// Four further lines, two pairs of opposites. One pair is of an order that Q18 keeps and passes
/// Q1; the other passes Q1, Q5 and Q6. The positive ones stand first.
fn huge_pairs(tables: &[Generated]) -> RecordBatch {
    let (large, (asian, supplier)) = (a_large_order(tables), an_asian_order(tables));
    let line = |order: i64, supplier: i64, quantity: f64, price: f64, discount: f64| {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![order])),
            Arc::new(Int64Array::from(vec![supplier])),
            Arc::new(Float64Array::from(vec![quantity])),
            Arc::new(Float64Array::from(vec![price])),
            Arc::new(Float64Array::from(vec![discount])),
            Arc::new(Float64Array::from(vec![0.0])),
            Arc::new(StringArray::from(vec!["N"])),
            Arc::new(StringArray::from(vec!["O"])),
            Arc::new(Date32Array::from(vec![YEAR_1994.start + 40])),
        ];
        RecordBatch::try_new(table(tables, "lineitem").schema(), columns).unwrap()
    };
    let lines = [
        line(large, 1, HUGE, HUGE, 0.0),
        line(asian, supplier, 1.0, HUGE, 0.06),
        line(asian, supplier, 1.0, -HUGE, 0.06),
        line(large, 1, -HUGE, -HUGE, 0.0),
    ];
    concat_batches(&lines[0].schema(), &lines).unwrap()
}

/// The first order of more than 300 pieces.
fn a_large_order(tables: &[Generated]) -> i64 {
    let lineitem = table(tables, "lineitem");
    let (orders, pieces) = (integers(lineitem, "l_orderkey"), floats(lineitem, "l_quantity"));
    let mut sum = (0, 0.0);
    for (&order, &quantity) in orders.iter().zip(pieces) {
        sum = if sum.0 == order { (order, sum.1 + quantity) } else { (order, quantity) };
        if sum.1 > 300.0 {
            return order;
        }
    }
    panic!("no order has more than 300 pieces")
}

/// An order of 1994 by a customer in Asia, and a supplier of the same nation.
fn an_asian_order(tables: &[Generated]) -> (i64, i64) {
    let (orders, customer) = (table(tables, "orders"), table(tables, "customer"));
    let (nation, supplier) = (table(tables, "nation"), table(tables, "supplier"));
    let region = table(tables, "region");
    let asia = texts(region, "r_name").iter().position(|name| name == Some("ASIA")).unwrap();
    let asia = integers(region, "r_regionkey")[asia];
    let nations = integers(nation, "n_nationkey");
    let first = integers(nation, "n_regionkey").iter().position(|&region| region == asia).unwrap();
    let nation = nations[first];
    let lives = |key: i64| {
        let keys = integers(customer, "c_custkey");
        let at = keys.binary_search(&key).unwrap();
        integers(customer, "c_nationkey")[at] == nation
    };
    let order = (0..orders.num_rows())
        .find(|&at| {
            YEAR_1994.contains(&days(orders, "o_orderdate")[at])
                && lives(integers(orders, "o_custkey")[at])
        })
        .unwrap();
    let made = integers(supplier, "s_nationkey").iter().position(|&of| of == nation).unwrap();
    (integers(orders, "o_orderkey")[order], integers(supplier, "s_suppkey")[made])
}
