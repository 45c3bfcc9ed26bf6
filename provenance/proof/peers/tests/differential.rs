//! Both proof systems accept the true sums of random small tables, and refuse all others.

use proptest::prelude::*;
use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove};
use veritrail_proof::argument::verify::verify;
use veritrail_proof::columns::Cells;
use veritrail_proof::commit::{chunks_of, commit_column};
use veritrail_proof::relation::{Claim, Factor, Product, Relation, Weight};
use veritrail_proof::transcript::{Blinds, Entropy, Transcript};
use veritrail_proof_peers::r1cs::{PeerError, Sums};

/// Two booleans, a column of 32 bits and one of 8.
const BITS: [u8; 4] = [1, 1, 32, 8];

/// The products that are summed up, by column.
const CLAIMS: [&[usize]; 6] = [&[0], &[2], &[0, 1], &[0, 2], &[2, 3], &[0, 1, 2, 3]];

fn table() -> impl Strategy<Value = Vec<[u32; 4]>> {
    let row = (0..2u32, 0..2u32, any::<u32>(), 0..256u32).prop_map(|(a, b, c, d)| [a, b, c, d]);
    prop::collection::vec(row, 1..40)
}

fn column(table: &[[u32; 4]], at: usize) -> Vec<u32> {
    table.iter().map(|row| row[at]).collect()
}

fn relation(rows: usize, claims: &[&[usize]], sums: &[u128]) -> Relation {
    let claims = claims.iter().zip(sums).map(|(columns, &sum)| {
        let factors = columns.iter().map(|&column| Factor::Column(column)).collect();
        let products = vec![Product { coefficient: 1, factors }];
        Claim { weight: Weight::One, products, sum }
    });
    Relation::new(rows as u64, BITS.len(), vec![], claims.collect()).unwrap()
}

/// Our proof of these sums, by a prover who does not mind whether they are true, and its check.
fn ours(table: &[[u32; 4]], proven: &Relation, claimed: &Relation) -> bool {
    let mut blinds = Transcript::new().blinds(&[], &Entropy([7; 32]));
    let columns: Vec<OpenColumn> = (0..BITS.len())
        .map(|at| {
            let cells = Cells::values(column(table, at), BITS[at]);
            let blinds: Vec<_> =
                (0..chunks_of(table.len() as u64)).map(|_| blinds.draw()).collect();
            let commitments = Commitments::new(commit_column(&cells, &blinds)).unwrap();
            OpenColumn { cells, blinds: blinds.into(), commitments }
        })
        .collect();
    let proof = prove(&mut Transcript::new(), proven, &columns, &mut blinds).unwrap();
    let commitments: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    let mut equations = Equations::new();
    verify(&mut Transcript::new(), claimed, &commitments, &proof, &mut equations).is_ok()
        && equations.check().is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_systems_judge_alike(
        table in table(),
        chosen in prop::sample::subsequence(CLAIMS.to_vec(), 1..4),
        which in any::<prop::sample::Index>(),
        off in prop_oneof![Just(1u128), Just(2u128), Just(1 << 32), Just(1 << 64)],
    ) {
        let sums: Vec<u128> = chosen
            .iter()
            .map(|factors| {
                let product = |row: &[u32; 4]| factors.iter().map(|&at| u128::from(row[at])).product::<u128>();
                table.iter().map(product).sum()
            })
            .collect();
        let mut wrong = sums.clone();
        let at = which.index(wrong.len());
        wrong[at] = if wrong[at] >= off && off < 3 { wrong[at] - off } else { wrong[at] + off };

        let (true_claim, false_claim) =
            (relation(table.len(), &chosen, &sums), relation(table.len(), &chosen, &wrong));
        let peer = Sums::new(&true_claim).unwrap();
        let columns: Vec<Vec<u32>> = (0..BITS.len()).map(|at| column(&table, at)).collect();
        let columns: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let honest = peer.prove(&columns, &sums).unwrap();
        let lying = peer.prove(&columns, &wrong).unwrap();

        prop_assert!(peer.holds(&honest, &sums).unwrap());
        prop_assert!(ours(&table, &true_claim, &true_claim));
        prop_assert!(!peer.holds(&lying, &wrong).unwrap());
        prop_assert!(!ours(&table, &false_claim, &false_claim));
        prop_assert!(!ours(&table, &true_claim, &false_claim));
    }
}

#[test]
fn what_is_no_plain_sum_is_not_written_as_constraints() {
    let products = vec![Product { coefficient: 2, factors: vec![Factor::Column(0)] }];
    let claim = Claim { weight: Weight::One, products, sum: 0 };
    let doubled = Relation::new(3, 4, vec![], vec![claim]).unwrap();
    assert_eq!(Sums::new(&doubled).err(), Some(PeerError::Claim));
    let peer = Sums::new(&relation(3, &CLAIMS[..1], &[0])).unwrap();
    let zeros: &[u32] = &[0; 3];
    assert_eq!(peer.prove(&[zeros], &[0]).err(), Some(PeerError::Table));
    let proof = peer.prove(&[zeros; 4], &[0]).unwrap();
    assert_eq!(peer.holds(&proof, &[]).err(), Some(PeerError::Table));
}
