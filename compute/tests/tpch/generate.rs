//! The TPC-H tables that the queries need, with money as DOUBLE.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, RegionGenerator,
    SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, RegionArrow, SupplierArrow,
};

/// A column of the generator, and its type here.
type Column = (&'static str, DataType);

/// A table and its name.
pub type Generated = (&'static str, RecordBatch);

/// The tables that Q1, Q5, Q6 and Q18 read, only the columns that they name.
pub fn generate(scale: f64) -> Vec<Generated> {
    use DataType::{Date32, Float64, Int64, Utf8};
    let money = |name| (name, Float64);
    let lineitem = [
        ("l_orderkey", Int64),
        ("l_suppkey", Int64),
        money("l_quantity"),
        money("l_extendedprice"),
        money("l_discount"),
        money("l_tax"),
        ("l_returnflag", Utf8),
        ("l_linestatus", Utf8),
        ("l_shipdate", Date32),
    ];
    let orders = [
        ("o_orderkey", Int64),
        ("o_custkey", Int64),
        money("o_totalprice"),
        ("o_orderdate", Date32),
    ];
    let customer = [("c_custkey", Int64), ("c_name", Utf8), ("c_nationkey", Int64)];
    let supplier = [("s_suppkey", Int64), ("s_nationkey", Int64)];
    let nation = [("n_nationkey", Int64), ("n_name", Utf8), ("n_regionkey", Int64)];
    let region = [("r_regionkey", Int64), ("r_name", Utf8)];
    vec![
        ("lineitem", gather(LineItemArrow::new(LineItemGenerator::new(scale, 1, 1)), &lineitem)),
        ("orders", gather(OrderArrow::new(OrderGenerator::new(scale, 1, 1)), &orders)),
        ("customer", gather(CustomerArrow::new(CustomerGenerator::new(scale, 1, 1)), &customer)),
        ("supplier", gather(SupplierArrow::new(SupplierGenerator::new(scale, 1, 1)), &supplier)),
        ("nation", gather(NationArrow::new(NationGenerator::new(scale, 1, 1)), &nation)),
        ("region", gather(RegionArrow::new(RegionGenerator::new(scale, 1, 1)), &region)),
    ]
}

fn gather(
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    columns: &[Column],
) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), false)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batches: Vec<RecordBatch> = batches
        .map(|batch| {
            let batch = batch.unwrap();
            let columns = columns
                .iter()
                .map(|(name, kind)| cast(batch.column_by_name(name).unwrap(), kind).unwrap())
                .collect();
            RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
        })
        .collect();
    concat_batches(&schema, &batches).unwrap()
}
