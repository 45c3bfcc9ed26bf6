//! Why functions of the engine that people know are not on our lists, and what to write instead.
//!
//! A test walks the engine's whole registry: what is neither on a list nor here fails it.

/// Functions by reason.
const REASONS: &[(&str, &[&str])] = &[
    (
        "a result must not depend on when it is computed; pass the date as a parameter",
        &[
            "now",
            "current_date",
            "current_time",
            "current_timestamp",
            "today",
            "localtimestamp",
            "localtime",
        ],
    ),
    ("a result must not depend on chance", &["random", "rand", "uuid"]),
    (
        "what a pattern matches depends on the engine's version: use LIKE, strpos or split_part",
        &["regexp_count", "regexp_instr", "regexp_like", "regexp_match", "regexp_replace"],
    ),
    ("bytes written as text are another column: keep them as they are", &["decode", "encode"]),
    ("it can make a text of any length out of a short query", &["repeat", "lpad", "rpad"]),
    (
        "an approximation depends on the order of rows and on the engine's version: use the exact \
         one, as in median, percentile_cont or count(DISTINCT …)",
        &[
            "approx_distinct",
            "approx_median",
            "approx_percentile_cont",
            "approx_percentile_cont_with_weight",
        ],
    ),
    (
        "which value it takes would depend on chance: use min or max, or first_value(x ORDER BY …)",
        &["any_value"],
    ),
    (
        "a list is no type that a column may have: join texts with string_agg, or keep one row \
         each",
        &["array_agg"],
    ),
    (
        "as an aggregate it is not part of what a run may do: number the rows with row_number and \
         filter, or use it as a window function",
        &["nth_value"],
    ),
    (
        "a struct, map, list or union is no type that a column may have: flatten it into plain \
         columns",
        &["struct", "row", "named_struct", "get_field", "union_extract", "union_tag"],
    ),
    (
        "a run sees values and types of SQL, not how Arrow or a file keeps them: use CAST",
        &[
            "arrow_cast",
            "arrow_try_cast",
            "arrow_field",
            "arrow_metadata",
            "arrow_typeof",
            "cast_to_type",
            "try_cast_to_type",
            "with_metadata",
            "input_file_name",
            "file_row_index",
        ],
    ),
    ("a result must not depend on the engine's version", &["version"]),
    (
        "reading or writing a date in a format depends on the engine's version and settings: CAST \
         text in ISO 8601, or use date_part, date_trunc, make_date or to_date",
        &[
            "date_bin",
            "date_format",
            "from_unixtime",
            "make_time",
            "to_char",
            "to_local_time",
            "to_time",
            "to_timestamp",
            "to_timestamp_micros",
            "to_timestamp_millis",
            "to_timestamp_nanos",
            "to_timestamp_seconds",
            "to_unixtime",
        ],
    ),
    (
        "its treatment of text has not been reviewed: use split_part, strpos, substr, replace or \
         translate",
        &["find_in_set", "levenshtein", "overlay", "substr_index", "substring_index", "to_hex"],
    ),
];

/// Why a function is refused, if the engine has it.
#[must_use]
pub fn reason(name: &str) -> Option<&'static str> {
    REASONS.iter().find(|(_, names)| names.contains(&name)).map(|(reason, _)| *reason)
}

/// Why a function that people know is not here, or a general answer.
#[must_use]
pub(super) fn hint_for(name: &str) -> &'static str {
    reason(name)
        .unwrap_or("it is not on the list of functions whose results are the same on every machine")
}
