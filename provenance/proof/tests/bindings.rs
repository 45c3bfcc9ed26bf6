//! What a statement's proof is bound to beside its columns: every field, in its order.

use veritrail_proof::body::Body;
use veritrail_proof::body::tree::{ColumnNode, path};
use veritrail_proof::ingest::Checked;
use veritrail_proof::ingest::verify::{ColumnProof, checked_before};
use veritrail_proof::policy::Policy;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::{Audience, absorb, prove, verify};
use veritrail_proof::transcript::Channel;
use veritrail_provenance::hash::StatementId;

use crate::fixtures::*;
use crate::statements::examples;

/// Keeps what is absorbed.
#[derive(Default)]
struct Kept(Vec<(String, Vec<u8>)>);

impl Channel for Kept {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        self.0.push((String::from_utf8(label.to_vec()).unwrap(), bytes.to_vec()));
    }

    fn wide(&mut self, _: &'static [u8]) -> [u8; 64] {
        panic!("nothing is drawn before the columns")
    }
}

#[test]
fn a_transcript_begins_with_every_field_in_order() {
    let body = &hospital().1.open.body;
    let statement = &examples()[2];
    let plan = plan(statement, body).unwrap();
    let mut context = context();
    context.predecessor = Some(StatementId::from_bytes([4; 32]));
    context.audience = Some(Audience { did: other_did(), nonce: [5; 32] });
    let mut kept = Kept::default();
    absorb(&mut kept, body, &context, statement, &plan, &[1, 2, 3]);
    let optional = |bytes: &[u8]| [&[1], bytes].concat();
    let results: Vec<u8> = [1u128, 2, 3].iter().flat_map(|n| n.to_le_bytes()).collect();
    let expected: Vec<(&str, Vec<u8>)> = vec![
        ("kind", b"statement".to_vec()),
        ("suite", veritrail_proof::generators::SUITE.to_vec()),
        ("generators", veritrail_proof::generators::digest().to_vec()),
        ("dataset", did().as_str().as_bytes().to_vec()),
        ("version", 1u64.to_le_bytes().to_vec()),
        ("body", body.hash().as_bytes().to_vec()),
        ("origin", b"example.org/hospital".to_vec()),
        ("index", 3u64.to_le_bytes().to_vec()),
        ("leaf", vec![9; 32]),
        ("roles", plan.column_ids()),
        ("statement", statement.encode()),
        ("results", results),
        ("predecessor", optional(&[4; 32])),
        ("audience", optional(other_did().as_str().as_bytes())),
        ("nonce", optional(&[5; 32])),
    ];
    let expected: Vec<(String, Vec<u8>)> =
        expected.into_iter().map(|(label, bytes)| (label.to_owned(), bytes)).collect();
    assert_eq!(kept.0, expected);
    assert!(!plan.column_ids().is_empty());
}

#[test]
fn absent_is_not_empty() {
    let mut kept = Kept::default();
    kept.optional(b"audience", None);
    kept.optional(b"audience", Some(&[]));
    kept.optional(b"audience", Some(&[0]));
    let bytes: Vec<&[u8]> = kept.0.iter().map(|(_, bytes)| &bytes[..]).collect();
    assert_eq!(bytes, [&[0][..], &[1], &[1, 0]]);
}

/// The hospital's columns under a body that says something else of them.
fn claimed_as(change: fn(&mut Body)) -> Checked {
    let open = &hospital().1.open;
    let mut body = open.body.clone();
    change(&mut body);
    let order = open.body.schema.published();
    let bytes = |at: usize| open.column(order[at].0, order[at].1).unwrap().commitments.bytes();
    let leaves: Vec<ColumnNode> = order
        .iter()
        .enumerate()
        .map(|(at, (column, role))| ColumnNode::leaf(*column, *role, bytes(at)))
        .collect();
    let proofs: Vec<ColumnProof<'_>> = order
        .iter()
        .enumerate()
        .map(|(at, (column, role))| ColumnProof {
            column: *column,
            role: *role,
            commitments: bytes(at),
            path: path(&leaves, at),
        })
        .collect();
    checked_before(body, &proofs).unwrap()
}

#[test]
fn the_same_columns_under_another_body_are_another_version() {
    let statement = &examples()[0];
    let proven = prove(&hospital().1.open, statement, &context(), &ENTROPY).unwrap();
    let accepts = |change: fn(&mut Body)| {
        verify(&claimed_as(change), statement, &context(), &proven.results, &proven.proof).is_ok()
    };
    assert!(accepts(|_| ()));
    // A policy other than the manifest's, stricter or looser.
    assert!(!accepts(|body| body.policy = Policy::new(11).unwrap()));
    assert!(!accepts(|body| body.policy = Policy::new(3).unwrap()));
    assert!(!accepts(|body| body.dataset = other_did()));
    assert!(!accepts(|body| body.version = 2));
    // The same numbers read on another scale.
    let scale = "age:int[19..91],change:fixed(1)?[-50..50],group:category(a|b|c)?,smoker:bool";
    assert_eq!(scale.len(), PEOPLE.len());
    assert!(!accepts(|body| {
        body.schema =
            "age:int[19..91],change:fixed(1)?[-50..50],group:category(a|b|c)?,smoker:bool"
                .parse()
                .unwrap();
    }));
}
