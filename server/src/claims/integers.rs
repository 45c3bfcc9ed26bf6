//! A statement's integers, cut into cells and measures.

use veritrail_proof::derived::{Gram, Scale};
use veritrail_proof::schema::{Kind, Schema};
use veritrail_proof::statement::{Measure, Quantity, Statement};

/// One combination of the grouping columns' levels and bands.
pub(super) struct Cell {
    /// The places of the levels and bands; nothing for null.
    pub(super) levels: Vec<Option<u8>>,
    /// One for each of the statement's measures. A count is a matrix without quantities, and a sum
    /// one without products.
    pub(super) measures: Vec<Gram>,
}

impl Cell {
    /// The rows in which all grouping columns are null.
    pub(super) fn of_nulls(groups: usize, rows: u128) -> Self {
        let count = Gram { n: rows, sums: Vec::new(), products: Vec::new(), scales: Vec::new() };
        Self { levels: vec![None; groups], measures: vec![count] }
    }

    /// The first measure's number of rows.
    pub(super) fn rows(&self) -> Option<u128> {
        self.measures.first().map(|first| first.n)
    }
}

/// All combinations of the grouping columns' levels and bands, the first varying slowest.
pub(super) fn levels(statement: &Statement, schema: &Schema) -> Option<Vec<Vec<Option<u8>>>> {
    let mut all: Vec<Vec<Option<u8>>> = vec![Vec::new()];
    for group in &statement.groups {
        let levels = 0..schema.columns().get(usize::from(*group))?.kind.groups();
        let with = |cell: &Vec<Option<u8>>| {
            let cell = cell.clone();
            levels.clone().map(move |level| [&cell[..], &[Some(level)]].concat())
        };
        all = all.iter().flat_map(with).collect();
    }
    Some(all)
}

/// Cuts integers into cells that are told; nothing where there are too few or too many.
pub(super) fn cells(
    statement: &Statement,
    schema: &Schema,
    integers: &[u128],
) -> Option<Vec<Cell>> {
    let all = levels(statement, schema)?;
    let mut rest = integers;
    let mut cells = Vec::with_capacity(all.len());
    for (at, levels) in all.into_iter().enumerate() {
        if statement.withheld.iter().any(|withheld| usize::from(*withheld) == at) {
            continue;
        }
        let mut measures = Vec::with_capacity(statement.measures.len());
        for measure in &statement.measures {
            let (own, others) = rest.split_at_checked(measure.integers())?;
            measures.push(matrix(measure, own, schema)?);
            rest = others;
        }
        cells.push(Cell { levels, measures });
    }
    rest.is_empty().then_some(cells)
}

/// A measure's quantities.
pub(super) fn quantities(measure: &Measure) -> &[Quantity] {
    match measure {
        Measure::Count | Measure::Present(_) => &[],
        Measure::Sum(quantity) => std::slice::from_ref(quantity),
        Measure::Gram(quantities) => quantities,
    }
}

fn matrix(measure: &Measure, integers: &[u128], schema: &Schema) -> Option<Gram> {
    let quantities = quantities(measure);
    let scales = quantities.iter().map(|quantity| scale(quantity, schema));
    let (n, rest) = integers.split_first()?;
    let (sums, products) = rest.split_at_checked(quantities.len())?;
    Some(Gram {
        n: *n,
        sums: sums.to_vec(),
        products: products.to_vec(),
        scales: scales.collect::<Option<_>>()?,
    })
}

/// How a quantity's integers are read.
fn scale(quantity: &Quantity, schema: &Schema) -> Option<Scale> {
    let Quantity::Value(column) = quantity else { return Some(Scale::BOOLEAN) };
    match schema.columns().get(usize::from(*column))?.kind {
        Kind::Number { places, lo, .. } => Some(Scale { lo, places }),
        Kind::Category { .. } | Kind::Boolean => None,
    }
}
