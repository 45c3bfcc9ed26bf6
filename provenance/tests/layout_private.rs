//! Private layouts: one encrypted file in chunks of one length, and nothing else.

use veritrail_provenance::hash::ChunkId;
use veritrail_provenance::layout::*;
use veritrail_provenance::statement::{Access, Draft, Payload, Statement};

use crate::fixtures::*;
use crate::golden::{golden, hex_lines, unhex};

const MIB: u32 = 1 << 20;
const GIB: u64 = 1 << 30;

fn private(size: u64, lengths: &[u32]) -> Result<Layout, LayoutError> {
    Layout::private(files(&[(PRIVATE_PATH, size)]), chunks(lengths))
}

fn two_and_a_bit() -> Layout {
    private(2 * u64::from(MIB) + 5, &[MIB, MIB, 5]).unwrap()
}

#[test]
fn a_private_layout_reads_back_and_is_no_plain_one() {
    let layout = two_and_a_bit();
    assert!(layout.head().is_private());
    layout.head().check_root().unwrap();
    let pages = layout.pages().unwrap();
    let read = Layout::assemble(layout.head(), |page| {
        let found = pages.iter().find(|own| ChunkId::of(&own.bytes) == page.blob);
        found.map(|own| own.bytes.clone()).ok_or(())
    });
    assert_eq!(read.unwrap(), layout);
    // The same lists as plain bytes are another root: the encoding is bound.
    let plain = Layout::new(layout.files().to_vec(), layout.chunks().to_vec()).unwrap();
    assert_ne!(plain.root(), layout.root());
    let mut relabelled = layout.head().clone();
    relabelled.encoding = ENCODING_PLAIN;
    assert!(matches!(relabelled.check_root(), Err(LayoutError::Root { .. })));
    relabelled.encoding = 2;
    assert_eq!(relabelled.check_root(), Err(LayoutError::Encoding(2)));
}

#[test]
fn lengths_follow_from_the_whole_alone() {
    let lengths = [1, GIB, 16 * GIB, 16 * GIB + 1, 300 * GIB, u64::MAX];
    assert_eq!(lengths.map(private_chunk_len).map(|len| len / MIB), [1, 1, 1, 2, 16, 16]);
    let size = u64::from(MIB) + 1;
    private(size, &[MIB, 1]).unwrap();
    for wrong in [&[MIB + 1][..], &[1, MIB], &[MIB - 1, 2], &[MIB / 2, MIB / 2, 1]] {
        let error = private(size, wrong).unwrap_err();
        assert!(matches!(error, LayoutError::PrivateChunk { .. }), "{wrong:?}: {error}");
    }
    // Gaps and lists of another length are refused as ever.
    assert!(matches!(private(size, &[MIB]), Err(LayoutError::Lengths { .. })));
    let mut apart = chunks(&[MIB, 1]);
    apart[1].offset += 1;
    assert!(Layout::private(files(&[(PRIVATE_PATH, size)]), apart).is_err());
}

#[test]
fn no_name_but_the_one_and_no_second_file() {
    let size = 10;
    for list in [&[("patients.csv", size)][..], &[("a", 4), (PRIVATE_PATH, 6)], &[]] {
        let error = Layout::private(files(list), chunks(&[10])).unwrap_err();
        assert_eq!(error, LayoutError::NotOneFile, "{list:?}");
    }
    let empty = Layout::private(files(&[(PRIVATE_PATH, 0)]), Vec::new());
    assert_eq!(empty.unwrap_err(), LayoutError::NotOneFile);
    // A head that states more files is refused before any page is fetched.
    let mut head = two_and_a_bit().head().clone();
    head.files = 2;
    assert_eq!(head.check_root(), Err(LayoutError::NotOneFile));
}

#[test]
fn goldens() {
    let layout = two_and_a_bit();
    let json = serde_json::to_string_pretty(layout.head()).unwrap() + "\n";
    let head: LayoutHead =
        serde_json::from_str(&golden("layout-private-head.json", &json)).unwrap();
    assert_eq!(&head, layout.head());
    let mut private = version();
    private.access = Access::Private;
    let sub = did(4).to_string();
    let payload = Payload::DatasetVersion(private);
    let draft = Draft { iss: did(1), sub, aud: origin(), iat: IAT, payload };
    let statement = Statement::sign(draft, &signer(1)).unwrap();
    let name = "statement-private.version";
    let envelope = golden(&format!("{name}.hex"), &hex_lines(statement.envelope()));
    let read = Statement::decode(&unhex(&envelope)).unwrap();
    assert_eq!(read, statement);
    let Payload::DatasetVersion(read) = read.payload() else { panic!("{read:?}") };
    assert_eq!(read.access, Access::Private);
    golden(&format!("{name}.json"), std::str::from_utf8(statement.payload_bytes()).unwrap());
    golden(&format!("{name}.id"), &format!("{}\n", statement.id()));
}
