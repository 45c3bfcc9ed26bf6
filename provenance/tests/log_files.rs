//! Names and framing of a log's files, against tlog_tiles where it says the same.

use tlog_tiles::Tile;
use veritrail_provenance::log::entries::*;
use veritrail_provenance::log::tile::*;
use veritrail_provenance::log::tree::leaf_hash;

/// tlog_tiles writes Go's paths: `tile/8/<L>/…`, and `data` for entries.
fn path_of_theirs(tile: &Tile) -> String {
    let path = tile.path();
    let rest = path.strip_prefix("tile/8/").unwrap();
    match rest.strip_prefix("data/") {
        Some(index) => format!("tile/entries/{index}"),
        None => format!("tile/{rest}"),
    }
}

#[test]
fn paths_are_those_of_the_specification() {
    let path = |level, index, width| TilePath::new(level, index, width).unwrap().path();
    assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(0, 1_067, 5), "tile/0/x001/067.p/5");
    assert_eq!(path(7, 0, 1), "tile/7/000.p/1");
    assert_eq!(EntriesPath::new(999, 256).unwrap().path(), "tile/entries/999");
    assert_eq!(EntriesPath::new(1_000, 255).unwrap().path(), "tile/entries/x001/000.p/255");
}

#[test]
fn paths_are_those_of_another_implementation_and_read_back() {
    for index in [0, 1, 255, 999, 1_000, 1_234_067, 999_999_999, 1 << 53] {
        for width in [1u16, 5, 255, 256] {
            for level in [0u8, 1] {
                let Ok(ours) = TilePath::new(level, index, width) else { continue };
                let theirs = Tile::new(8, level, index, u32::from(width), false);
                assert_eq!(ours.path(), path_of_theirs(&theirs));
                assert_eq!(ours.path().parse(), Ok(LogPath::Tile(ours)));
            }
            let ours = EntriesPath::new(index, width).unwrap();
            let theirs = Tile::new(8, 0, index, u32::from(width), true);
            assert_eq!(ours.path(), path_of_theirs(&theirs));
            assert_eq!(ours.path().parse(), Ok(LogPath::Entries(ours)));
        }
    }
    assert_eq!("checkpoint".parse(), Ok(LogPath::Checkpoint));
}

#[test]
fn each_file_has_one_path() {
    for wrong in [
        "",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/x002",
        "tile/0/x001/x002",
        "tile/00/001",
        "tile/+0/001",
        "tile/8/000",
        "tile/63/000",
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "tile/0/../000",
        "tile/data/000",
        "tile/entries/x999/x999/x999/x999/x999/x999/x999/999",
        "checkpoint/",
        "tile/0/٠٠٠",
    ] {
        assert!(wrong.parse::<LogPath>().is_err(), "{wrong:?}");
    }
}

#[test]
fn a_growing_log_writes_the_tiles_that_another_implementation_would() {
    for (old, new) in
        [(0, 1), (0, 255), (255, 256), (256, 257), (0, 70_000), (1_000, 66_000), (65_535, 65_536)]
    {
        let mut ours: Vec<String> = tiles_between(old, new).map(|tile| tile.path()).collect();
        let mut theirs: Vec<String> =
            Tile::new_tiles(8, old, new).iter().map(path_of_theirs).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{old} to {new}");
        assert!(!ours.is_empty());
        let bundles: Vec<u64> = entries_between(old, new).map(|bundle| bundle.index).collect();
        assert_eq!(bundles, (old / 256..new.div_ceil(256)).collect::<Vec<_>>());
    }
    assert_eq!(tiles_between(7, 7).count(), 0);
    assert_eq!(tiles_of(0).count(), 0);
    assert_eq!(tiles_of(1 << 62).take(1000).count(), 1000);
}

#[test]
fn a_tile_gives_only_the_hashes_that_it_covers() {
    let hashes: Vec<_> = (0..200u64).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
    let tile = TilePath::holding(0, 256 + 17, 256 + 200).unwrap();
    assert_eq!(tile, TilePath::new(0, 1, 200).unwrap());
    assert_eq!(tile.hash(&bytes, 0, 256 + 17), Ok(hashes[17]));
    assert_eq!(tile.hashes(&bytes).unwrap(), hashes);
    assert!(tile.hash(&bytes, 0, 255).is_err());
    assert!(tile.hash(&bytes, 0, 256 + 200).is_err());
    assert!(tile.hash(&bytes, 8, 1).is_err());
    assert!(tile.hash(&bytes, 7, 3).is_err(), "its second half is not full");
    assert!(tile.hash(&bytes, 7, 2).is_ok());
    assert!(tile.hash(&bytes, 0, u64::MAX).is_err());
    assert!(tile.hash(&bytes, 7, u64::MAX).is_err());
    assert!(tile.hash(&bytes[1..], 0, 256).is_err());
    assert!(tile.hash(&[], 0, 256).is_err());
    assert!(TilePath::holding(0, 5, 5).is_err());
    assert!(TilePath::holding(63, 0, u64::MAX).is_err());
    assert!(TilePath::new(0, u64::MAX, 1).is_err());
    assert!(TilePath::new(9, 0, 1).is_err());
}

#[test]
fn bundles_are_framed_and_read_back() {
    let entries: Vec<Vec<u8>> = vec![vec![], vec![1], vec![2; ENTRY_SIZE_MAX], b"end".to_vec()];
    let bundle = frame(&entries).unwrap();
    assert_eq!(&bundle[..5], [0, 0, 0, 1, 1]);
    assert_eq!(unframe(&bundle, 4).unwrap(), entries);
    let (first, rest) = unframe_first(&bundle, 2).unwrap();
    assert_eq!((first.len(), rest.len()), (2, bundle.len() - 5));
    assert_eq!(
        frame(&[vec![0; ENTRY_SIZE_MAX + 1]]),
        Err(EntriesError::TooLong { position: 0, size: ENTRY_SIZE_MAX + 1 })
    );
    assert_eq!(frame(&vec![[0u8]; 257]), Err(EntriesError::TooMany(257)));
}

#[test]
fn a_cut_or_surplus_bundle_names_the_entry() {
    let bundle = frame(&[b"one".to_vec(), b"two".to_vec()]).unwrap();
    for cut in 0..bundle.len() {
        assert!(matches!(unframe(&bundle[..cut], 2), Err(EntriesError::Cut { .. })), "{cut}");
    }
    assert_eq!(
        unframe(&bundle[..bundle.len() - 1], 2),
        Err(EntriesError::Cut { position: 1, offset: 5 })
    );
    assert_eq!(unframe(&bundle, 1), Err(EntriesError::Surplus { position: 0, surplus: 5 }));
    assert_eq!(unframe(&bundle, 3), Err(EntriesError::Cut { position: 2, offset: 10 }));
    assert!(unframe(&[0xff, 0xff], u16::MAX).is_err());
    assert_eq!(unframe(&[], 0).unwrap(), Vec::<&[u8]>::new());
}
