//! `replace` with a bound on what it makes: nested, it would turn a short query into any amount
//! of text, beyond the reach of the memory limit.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};
use datafusion::functions::string;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Bytes that one batch of replaced texts may have.
pub(super) const REPLACED_BYTES_MAX: usize = 256 << 20;

/// The engine's `replace` behind the bound.
pub(super) fn replace() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(BoundedReplace { inner: string::replace() }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedReplace {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for BoundedReplace {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if bytes_at_most(&args)? > REPLACED_BYTES_MAX {
            return Err(DataFusionError::Execution(format!(
                "replace could make more than {REPLACED_BYTES_MAX} bytes of text at once"
            )));
        }
        self.inner.invoke_with_args(args)
    }
}

/// What the replaced texts could have at most: every place of every text replaced.
fn bytes_at_most(args: &ScalarFunctionArgs) -> Result<usize> {
    let [text, from, to] = args.args.as_slice() else {
        return Err(DataFusionError::Plan("replace takes three arguments".to_owned()));
    };
    let rows = args.number_rows.max(1);
    let lengths = |value: &ColumnarValue| -> Result<Vec<usize>> {
        let array = match value {
            ColumnarValue::Scalar(scalar) => scalar.to_array()?,
            ColumnarValue::Array(array) => Arc::clone(array),
        };
        let array = cast(&array, &DataType::LargeUtf8)?;
        let texts = array.as_string::<i64>();
        Ok((0..texts.len()).map(|row| texts.value_length(row) as usize).collect())
    };
    let (texts, froms, tos) = (lengths(text)?, lengths(from)?, lengths(to)?);
    let of = |lengths: &[usize], row: usize| {
        lengths.get(if lengths.len() == 1 { 0 } else { row }).copied().unwrap_or(0)
    };
    let bytes = (0..rows).map(|row| {
        let (text, from, to) = (of(&texts, row), of(&froms, row).max(1), of(&tos, row));
        text.saturating_add((text / from + 1).saturating_mul(to))
    });
    Ok(bytes.fold(0, usize::saturating_add))
}
