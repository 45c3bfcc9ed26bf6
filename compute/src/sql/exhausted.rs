//! Which part of a query asked for more memory than there was, in the words of its writer.

/// The engine's names for what holds memory, by how they begin, and what each is in a query.
const PARTS: [(&str, &str); 16] = [
    ("HashJoinInput", "a join holds one side, and that does not fit"),
    ("SMJStream", "a join holds all rows that are equal in its keys, and these do not fit"),
    (
        "NestedLoopJoin",
        "a join without an equality holds one side, and that does not fit: join on equal columns",
    ),
    ("CrossJoinExec", "a cross join holds one side, and that does not fit: join on equal columns"),
    ("TopK", "ORDER BY … LIMIT holds the rows that it keeps, and these do not fit"),
    ("ExternalSorter", "a sort does not fit, not even piece by piece"),
    ("SortPreservingMerge", "sorted parts are merged, and a batch of each does not fit"),
    ("SpillPool", "rows on their way between threads do not fit, and there is no disk to use"),
    ("RepartitionExec", "rows on their way between threads do not fit"),
    ("a window's group", "a window holds its PARTITION BY groups one by one, and one does not fit"),
    ("AggregateStream", AGGREGATE),
    ("PartialHashAggregate", AGGREGATE),
    ("FinalHashAggregate", AGGREGATE),
    ("SingleHashAggregate", AGGREGATE),
    ("GroupedHashAggregate", AGGREGATE),
    ("OrderedFinalAggregate", AGGREGATE),
];

const AGGREGATE: &str = "an aggregation holds a state for each group, and these do not fit";

/// The engine's message, told by what it concerns.
pub(super) fn told(message: &str) -> String {
    let asks = |name: &str| {
        [" for ", " while "].iter().any(|word| message.contains(&format!("{word}{name}")))
    };
    match PARTS.iter().find(|(name, _)| asks(name)) {
        Some((_, words)) => format!("{words} ({message})"),
        None => message.to_owned(),
    }
}
