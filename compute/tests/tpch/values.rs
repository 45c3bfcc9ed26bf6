//! What the queries must answer, computed row by row in fixed-point integers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type};
use veritrail_compute::sql::Answer;

use super::data::*;
use super::exact::Fixed;
use super::invariance::tables;
use super::queries::{Q1, Q5, Q6, Q18};
use crate::exact::oracle::rational;
use crate::sql::fixture::{ask, text};

fn answer(sql: &str) -> Answer {
    ask(sql, &tables(tenth(), 8_192, 0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn number(answer: &Answer, column: usize, row: usize) -> f64 {
    answer.table.column(column).as_primitive::<Float64Type>().value(row)
}

fn count(answer: &Answer, column: usize, row: usize) -> i64 {
    answer.table.column(column).as_primitive::<Int64Type>().value(row)
}

#[test]
fn pricing_summary() {
    let lines = table(tenth(), "lineitem");
    let (flag, status) = (texts(lines, "l_returnflag"), texts(lines, "l_linestatus"));
    let [quantity, price, discount, tax] =
        ["l_quantity", "l_extendedprice", "l_discount", "l_tax"].map(|name| floats(lines, name));
    let mut groups: BTreeMap<(&str, &str), [Fixed; 5]> = BTreeMap::new();
    for (row, day) in days(lines, "l_shipdate").iter().enumerate() {
        // 1998-09-02
        if *day > 10_471 {
            continue;
        }
        let reduced = price[row] * (1.0 - discount[row]);
        let charge = reduced * (1.0 + tax[row]);
        let values = [quantity[row], price[row], reduced, charge, discount[row]];
        let sums = groups.entry((flag.value(row), status.value(row))).or_default();
        sums.iter_mut().zip(values).for_each(|(sum, value)| sum.add(value));
    }
    let found = answer(Q1);
    assert_eq!(found.table.num_rows(), groups.len());
    assert_eq!(groups.len(), 4);
    for (row, ((flag, status), sums)) in groups.iter().enumerate() {
        assert_eq!(
            (text(&found, 0, row), text(&found, 1, row)),
            ((*flag).into(), (*status).into())
        );
        (0..4).for_each(|at| sums[at].assert_sum(number(&found, 2 + at, row)));
        sums[0].assert_mean(number(&found, 6, row));
        sums[1].assert_mean(number(&found, 7, row));
        sums[4].assert_mean(number(&found, 8, row));
        assert_eq!(count(&found, 9, row), i64::from(sums[0].count()));
    }
}

#[test]
fn local_supplier_volume() {
    let tables = tenth();
    let pairs = |of: &str, key: &str, value: &str| -> HashMap<i64, i64> {
        let of = table(tables, of);
        integers(of, key).iter().copied().zip(integers(of, value).iter().copied()).collect()
    };
    let lives = pairs("customer", "c_custkey", "c_nationkey");
    let makes = pairs("supplier", "s_suppkey", "s_nationkey");
    let lies = pairs("nation", "n_nationkey", "n_regionkey");
    let region = table(tables, "region");
    let asia = texts(region, "r_name").iter().position(|name| name == Some("ASIA")).unwrap();
    let asia = integers(region, "r_regionkey")[asia];
    let orders = table(tables, "orders");
    let dated = integers(orders, "o_orderkey").iter().zip(days(orders, "o_orderdate"));
    let buyers: HashMap<i64, i64> = dated
        .zip(integers(orders, "o_custkey"))
        .filter(|((_, day), _)| YEAR_1994.contains(*day))
        .map(|((&order, _), buyer)| (order, lives[buyer]))
        .collect();
    let lines = table(tables, "lineitem");
    let (price, discount) = (floats(lines, "l_extendedprice"), floats(lines, "l_discount"));
    let made = integers(lines, "l_suppkey");
    let mut revenue: HashMap<i64, Fixed> = HashMap::new();
    for (row, order) in integers(lines, "l_orderkey").iter().enumerate() {
        let nation = makes[&made[row]];
        if buyers.get(order) == Some(&nation) && lies[&nation] == asia {
            revenue.entry(nation).or_default().add(price[row] * (1.0 - discount[row]));
        }
    }
    let nation = table(tables, "nation");
    let key = |name: &str| {
        let at = texts(nation, "n_name").iter().position(|found| found == Some(name)).unwrap();
        integers(nation, "n_nationkey")[at]
    };
    let found = answer(Q5);
    assert_eq!(found.table.num_rows(), 5);
    for row in 0..5 {
        revenue.remove(&key(&text(&found, 0, row))).unwrap().assert_sum(number(&found, 1, row));
        assert!(row == 0 || number(&found, 1, row - 1) > number(&found, 1, row));
    }
    assert!(revenue.is_empty());
}

#[test]
fn forecast_of_revenue_change() {
    let lines = table(tenth(), "lineitem");
    let [quantity, price, discount] =
        ["l_quantity", "l_extendedprice", "l_discount"].map(|name| floats(lines, name));
    let mut revenue = Fixed::default();
    for (row, day) in days(lines, "l_shipdate").iter().enumerate() {
        if YEAR_1994.contains(day) && (0.05..=0.07).contains(&discount[row]) && quantity[row] < 24.0
        {
            revenue.add(price[row] * discount[row]);
        }
    }
    assert!(revenue.count() > 10_000);
    revenue.assert_sum(number(&answer(Q6), 0, 0));
}

#[test]
fn large_orders() {
    let lines = table(tenth(), "lineitem");
    let mut pieces: HashMap<i64, Fixed> = HashMap::new();
    for (&order, &quantity) in integers(lines, "l_orderkey").iter().zip(floats(lines, "l_quantity"))
    {
        pieces.entry(order).or_default().add(quantity);
    }
    let large: BTreeSet<i64> = pieces
        .iter()
        .filter_map(|(&order, sum)| (sum.sum() > rational(300.0)).then_some(order))
        .collect();
    let orders = table(tenth(), "orders");
    let keys = integers(orders, "o_orderkey");
    let mut kept: Vec<usize> = (0..keys.len()).filter(|&at| large.contains(&keys[at])).collect();
    let (price, day) = (floats(orders, "o_totalprice"), days(orders, "o_orderdate"));
    kept.sort_by(|&a, &b| price[b].total_cmp(&price[a]).then(day[a].cmp(&day[b])));
    let found = answer(Q18);
    assert_eq!(found.table.num_rows(), kept.len());
    assert_eq!(kept.len(), 5);
    for (row, &at) in kept.iter().enumerate() {
        assert_eq!(count(&found, 2, row), keys[at]);
        assert_eq!(count(&found, 1, row), integers(orders, "o_custkey")[at]);
        assert_eq!(number(&found, 4, row), price[at]);
        pieces[&keys[at]].assert_sum(number(&found, 5, row));
    }
}
