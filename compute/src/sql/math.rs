//! Elementary functions of floats, the same bits on every machine.
//!
//! They come from one pinned library in plain Rust (crate libm), never from the platform's
//! mathematics library, whose last bit differs between systems and versions. Arguments of other
//! numeric types are cast to float64 first; null gives null; where a function is not defined the
//! result is the one NaN or an infinity, as IEEE 754 says, and never an error.

mod round;

use std::f64::consts::PI;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::{binary, unary};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use crate::exact::round::canonical;

/// All functions of this module.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    let elementary = ELEMENTARY.iter().map(|&(name, aliases, formula)| {
        let kinds = |count| TypeSignature::Uniform(count, vec![DataType::Float64]);
        let signature = match formula {
            Formula::Constant(_) => TypeSignature::Nullary,
            Formula::One(_) => kinds(1),
            Formula::Two(_) => kinds(2),
            Formula::OneOrTwo(..) => TypeSignature::OneOf(vec![kinds(1), kinds(2)]),
        };
        let signature = Signature::new(signature, Volatility::Immutable);
        let aliases = aliases.iter().map(|&alias| alias.to_owned()).collect();
        Arc::new(ScalarUDF::from(Elementary { name, aliases, formula, signature }))
    });
    elementary.chain(round::functions()).collect()
}

/// What is computed of each row.
#[derive(Clone, Copy, Debug)]
enum Formula {
    Constant(f64),
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
    OneOrTwo(fn(f64) -> f64, fn(f64, f64) -> f64),
}

const ELEMENTARY: &[(&str, &[&str], Formula)] = &[
    ("acos", &[], Formula::One(libm::acos)),
    ("acosh", &[], Formula::One(libm::acosh)),
    ("asin", &[], Formula::One(libm::asin)),
    ("asinh", &[], Formula::One(libm::asinh)),
    ("atan", &[], Formula::One(libm::atan)),
    ("atan2", &[], Formula::Two(libm::atan2)),
    ("atanh", &[], Formula::One(libm::atanh)),
    ("cbrt", &[], Formula::One(libm::cbrt)),
    ("cos", &[], Formula::One(libm::cos)),
    ("cosh", &[], Formula::One(libm::cosh)),
    ("cot", &[], Formula::One(cot)),
    ("degrees", &[], Formula::One(degrees)),
    ("exp", &[], Formula::One(libm::exp)),
    ("ln", &[], Formula::One(libm::log)),
    ("log", &[], Formula::OneOrTwo(libm::log10, log)),
    ("log10", &[], Formula::One(libm::log10)),
    ("log2", &[], Formula::One(libm::log2)),
    ("pi", &[], Formula::Constant(PI)),
    ("power", &["pow"], Formula::Two(libm::pow)),
    ("radians", &[], Formula::One(radians)),
    ("sin", &[], Formula::One(libm::sin)),
    ("sinh", &[], Formula::One(libm::sinh)),
    ("tan", &[], Formula::One(libm::tan)),
    ("tanh", &[], Formula::One(libm::tanh)),
];

/// `1 / tan(x)`, the quotient rounded once more.
fn cot(x: f64) -> f64 {
    1.0 / libm::tan(x)
}

/// `x · (180 / π)`, the factor rounded to a float.
fn degrees(x: f64) -> f64 {
    x * (180.0 / PI)
}

/// `x · (π / 180)`, the factor rounded to a float.
fn radians(x: f64) -> f64 {
    x * (PI / 180.0)
}

/// The logarithm of `x` to a base: with the functions of their own for 2 and 10, else `ln x / ln
/// base`, the quotient rounded once more.
fn log(base: f64, x: f64) -> f64 {
    if base.to_bits() == 2f64.to_bits() {
        libm::log2(x)
    } else if base.to_bits() == 10f64.to_bits() {
        libm::log10(x)
    } else {
        libm::log(x) / libm::log(base)
    }
}

#[derive(Debug)]
struct Elementary {
    name: &'static str,
    aliases: Vec<String>,
    formula: Formula,
    signature: Signature,
}

/// A name stands for one formula.
impl PartialEq for Elementary {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Elementary {}

impl Hash for Elementary {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Elementary {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let Formula::Constant(value) = self.formula {
            return Ok(ColumnarValue::Scalar(ScalarValue::from(value)));
        }
        on_arrays(&args, |columns| {
            let floats: Vec<&Float64Array> =
                columns.iter().map(|column| column.as_primitive::<Float64Type>()).collect();
            let computed: Float64Array = match (self.formula, floats.as_slice()) {
                (Formula::One(f) | Formula::OneOrTwo(f, _), [x]) => unary(x, |x| canonical(f(x))),
                (Formula::Two(f) | Formula::OneOrTwo(_, f), [x, y]) => {
                    binary(x, y, |x, y| canonical(f(x, y)))?
                }
                _ => return wrong_count(self.name, columns.len()),
            };
            Ok(Arc::new(computed))
        })
    }
}

fn wrong_count<T>(name: &str, count: usize) -> Result<T> {
    let message = format!("{name} does not take {count} arguments");
    Err(datafusion::common::DataFusionError::Plan(message))
}

/// Computes on whole columns; constants give a constant.
fn on_arrays(
    args: &ScalarFunctionArgs,
    compute: impl FnOnce(&[ArrayRef]) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { args.number_rows };
    let columns = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<Vec<_>>>()?;
    let computed = compute(&columns)?;
    Ok(if constant {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&computed, 0)?)
    } else {
        ColumnarValue::Array(computed)
    })
}
