//! `first_value`, `last_value` and `nth_value` over frames that treat peers alike.
//!
//! The engine's own would take whichever peer happens to arrive first. These are handed the keys
//! of a total order beside the value, and take the place of a row in that order.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_plan::expressions::Literal;

/// Which row of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    First,
    Last,
    Nth,
}

impl End {
    /// By the name of the engine's function.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "first_value" => Some(Self::First),
            "last_value" => Some(Self::Last),
            "nth_value" => Some(Self::Nth),
            _ => None,
        }
    }
}

/// The function of `arguments` written arguments and one key for each of `sorts` (ascending,
/// nulls first), which together are a total order that refines the window's own.
pub(super) fn function(end: End, arguments: usize, sorts: Vec<(bool, bool)>) -> Arc<WindowUDF> {
    let signature = Signature::variadic_any(Volatility::Immutable);
    Arc::new(WindowUDF::from(Ordered { end, arguments, sorts, signature }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Ordered {
    end: End,
    arguments: usize,
    sorts: Vec<(bool, bool)>,
    signature: Signature,
}

impl WindowUDFImpl for Ordered {
    fn name(&self) -> &str {
        match self.end {
            End::First => "ordered first_value",
            End::Last => "ordered last_value",
            End::Nth => "ordered nth_value",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let place = match self.end {
            End::First => 1,
            End::Last => -1,
            End::Nth => {
                let place = args.input_exprs().get(1).and_then(|expr| {
                    let literal = expr.downcast_ref::<Literal>()?;
                    match literal.value().cast_to(&DataType::Int64).ok()? {
                        ScalarValue::Int64(place) => place,
                        _ => None,
                    }
                });
                place.filter(|place| *place != 0).ok_or_else(|| {
                    DataFusionError::Plan("nth_value takes a whole number except 0".to_owned())
                })?
            }
        };
        Ok(Box::new(Evaluator {
            place,
            ignore_nulls: args.ignore_nulls(),
            arguments: self.arguments,
            sorts: self.sorts.clone(),
            order: None,
        }))
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let kind = field_args
            .input_fields()
            .first()
            .map_or(DataType::Null, |field| field.data_type().clone());
        Ok(Arc::new(Field::new(field_args.name(), kind, true)))
    }
}

/// One partition's.
#[derive(Debug)]
struct Evaluator {
    /// From 1 at the start of the frame, or from −1 at its end.
    place: i64,
    ignore_nulls: bool,
    arguments: usize,
    sorts: Vec<(bool, bool)>,
    /// The partition's rows in the total order, once known.
    order: Option<Vec<usize>>,
}

impl Evaluator {
    fn total_order(&self, values: &[ArrayRef]) -> Result<Vec<usize>> {
        let keys = values.get(self.arguments..).unwrap_or(&[]);
        let keys = keys.get(..self.sorts.len()).unwrap_or(keys);
        let fields = keys
            .iter()
            .zip(&self.sorts)
            .map(|(key, &(asc, nulls_first))| {
                let options = SortOptions { descending: !asc, nulls_first };
                SortField::new_with_options(key.data_type().clone(), options)
            })
            .collect();
        let rows = RowConverter::new(fields)?.convert_columns(keys)?;
        let mut order: Vec<usize> = (0..rows.num_rows()).collect();
        order.sort_by(|&a, &b| rows.row(a).cmp(&rows.row(b)));
        Ok(order)
    }
}

impl PartitionEvaluator for Evaluator {
    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let order = match self.order.take() {
            Some(order) => order,
            None => self.total_order(values)?,
        };
        let column = &values[0];
        let frame = order.get(range.clone()).unwrap_or(&[]);
        let counts = |row: &&usize| !self.ignore_nulls || column.is_valid(**row);
        let back = usize::try_from(self.place.unsigned_abs() - 1).unwrap_or(usize::MAX);
        let found = if self.place > 0 {
            frame.iter().filter(counts).nth(back)
        } else {
            frame.iter().rev().filter(counts).nth(back)
        };
        let value = match found {
            Some(&row) => ScalarValue::try_from_array(column, row),
            None => ScalarValue::try_from(column.data_type()),
        };
        self.order = Some(order);
        value
    }

    fn uses_window_frame(&self) -> bool {
        true
    }
}
