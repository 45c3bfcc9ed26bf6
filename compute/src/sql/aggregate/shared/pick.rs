//! Takes one result out of the several that a shared state gave.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// A field of a struct of results.
pub(super) fn pick(states: Expr, field: usize) -> Expr {
    let function = Pick { field, signature: Signature::any(1, Volatility::Immutable) };
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::from(function)), vec![states]))
}

/// Takes a field of a struct, by place.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Pick {
    field: usize,
    signature: Signature,
}

impl ScalarUDFImpl for Pick {
    fn name(&self) -> &str {
        "field of a shared state"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [DataType::Struct(fields)] if self.field < fields.len() => {
                Ok(fields[self.field].data_type().clone())
            }
            _ => Err(DataFusionError::Internal("a shared state lost its fields".to_owned())),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [ColumnarValue::Array(array)] => {
                Ok(ColumnarValue::Array(Arc::clone(array.as_struct().column(self.field))))
            }
            [ColumnarValue::Scalar(ScalarValue::Struct(array))] => {
                let value = ScalarValue::try_from_array(array.column(self.field), 0)?;
                Ok(ColumnarValue::Scalar(value))
            }
            _ => Err(DataFusionError::Internal("a shared state lost its fields".to_owned())),
        }
    }
}
