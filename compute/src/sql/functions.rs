//! The scalar functions that a query may call: an explicit list, everything else is refused.
//!
//! On the list stands what is exact by definition or pure Rust over text and dates. Not on it:
//! what comes from the platform's libm (`ln`, `exp`, `power`, `sin`, …), what reads a clock or
//! draws numbers, what rounds floats to digits (`powi` is not correctly rounded), and what can
//! make a huge text of a short query (`repeat`, `lpad`, `rpad`).

use std::sync::Arc;

use datafusion::functions::{core, datetime, math, string, unicode};
use datafusion::logical_expr::ScalarUDF;

use super::bounded;

/// The allowed functions, each with its aliases.
#[must_use]
pub fn allowed_functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        // Exact by IEEE 754 or by definition.
        math::abs(),
        math::ceil(),
        math::floor(),
        math::sqrt(),
        core::coalesce(),
        core::nullif(),
        // Text: pure Rust, by Unicode as this binary's std knows it.
        string::ascii(),
        string::bit_length(),
        string::btrim(),
        string::chr(),
        string::concat(),
        string::concat_ws(),
        string::contains(),
        string::ends_with(),
        string::lower(),
        string::ltrim(),
        string::octet_length(),
        bounded::replace(),
        string::rtrim(),
        string::split_part(),
        string::starts_with(),
        string::upper(),
        unicode::character_length(),
        unicode::initcap(),
        unicode::left(),
        unicode::reverse(),
        unicode::right(),
        unicode::strpos(),
        unicode::substr(),
        unicode::translate(),
        // Dates: pure arithmetic on the given date, never on a clock.
        datetime::date_part(),
        datetime::date_trunc(),
        datetime::make_date(),
        datetime::to_date(),
    ]
}

/// Why a function that people know is not here, or a general answer.
#[must_use]
pub(super) fn hint_for(name: &str) -> &'static str {
    match name {
        "now" | "current_date" | "current_time" | "current_timestamp" | "today"
        | "localtimestamp" | "localtime" => {
            "a result must not depend on when it is computed; pass the date as a parameter"
        }
        "random" | "uuid" => "a result must not depend on chance",
        "round" | "trunc" => {
            "rounding a float to digits is not exact; CAST to decimal(p,s), or use floor(x + 0.5)"
        }
        "ln" | "log" | "log2" | "log10" | "exp" | "pow" | "power" | "sin" | "cos" | "tan"
        | "asin" | "acos" | "atan" | "atan2" | "sinh" | "cosh" | "tanh" | "cbrt" | "cot"
        | "degrees" | "radians" | "pi" => {
            "it comes from the platform's mathematics library, which differs between machines"
        }
        "repeat" | "lpad" | "rpad" => "it can make a text of any length out of a short query",
        "median"
        | "approx_median"
        | "approx_distinct"
        | "approx_percentile_cont"
        | "percentile_cont"
        | "quantile_cont"
        | "array_agg"
        | "string_agg"
        | "first_value"
        | "last_value"
        | "bit_and"
        | "bit_or"
        | "bit_xor"
        | "bool_and"
        | "bool_or"
        | "grouping" => {
            "the aggregates are sum, avg, var_samp, var_pop, stddev_samp, stddev_pop, covar_samp, \
             covar_pop, corr, regr_slope and its kin, count, min and max"
        }
        _ => "it is not on the list of functions whose results are the same on every machine",
    }
}
