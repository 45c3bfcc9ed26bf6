//! Paths within a dataset: what is refused, one by one, and why.

use veritrail_provenance::layout::{FilePath, PathError};

fn error(text: &str) -> PathError {
    text.parse::<FilePath>().unwrap_err()
}

#[test]
fn ordinary_paths_are_kept_as_they_are() {
    let longest = vec!["a".repeat(255); 16].join("/");
    assert_eq!(longest.len(), 4_095);
    for text in [
        "a.csv",
        "days/2024-01-01.csv",
        ".hidden",
        "a b/c d",
        "日本/雨.parquet",
        "Zürich.csv",
        "...a",
        "con1",
        "console",
        "com",
        "com10",
        "comx",
        "lpt0",
        "nulls.csv",
        "auxiliary/x",
        "a.con",
        "x'y(z)[1]{2}#3%4@5!6~7$8&9+0=,;`^",
        &longest,
    ] {
        let path: FilePath = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(path.as_str(), text);
        assert_eq!(path.parts().collect::<Vec<_>>().join("/"), text);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<FilePath>(&json).unwrap(), path);
    }
}

#[test]
fn paths_that_leave_their_folder_are_refused() {
    for text in ["..", "../a", "a/../b", "a/..", ".", "./a", "a/./b"] {
        assert!(matches!(error(text), PathError::Dots(..)), "{text}");
    }
    for text in ["", "/", "/etc/passwd", "a/", "a//b", "//a"] {
        assert!(matches!(error(text), PathError::EmptyPart(..)), "{text}");
    }
    for text in [
        "a\\b",
        "C:",
        "C:\\a",
        "a:stream",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "a\u{85}",
        "a*b",
        "a?",
        "a<b",
        "a>b",
        "a|b",
        "a\"b",
        "a\u{202e}vsc.exe",
        "\u{feff}a",
    ] {
        assert!(matches!(error(text), PathError::Character(..)), "{text:?}");
    }
}

#[test]
fn paths_that_windows_cannot_create_are_refused() {
    for text in [
        "con",
        "CON",
        "Con.txt",
        "nul",
        "NUL.tar.gz",
        "aux",
        "prn",
        "com1",
        "COM9.csv",
        "lpt1",
        "LPT9",
        "com¹",
        "lpt³.x",
        "conin$",
        "CONOUT$",
        "con .txt",
        "a/aux/b",
        "a.",
        "a ",
        "a/b./c",
        "a. ",
    ] {
        assert!(matches!(error(text), PathError::Reserved(..)), "{text:?}");
    }
}

#[test]
fn a_path_has_one_spelling() {
    assert!(matches!(error("e\u{301}.csv"), PathError::NotNfc(_)));
    assert!("é.csv".parse::<FilePath>().is_ok());
    assert!(matches!(error("\u{212b}"), PathError::NotNfc(_)), "the Ångström sign");
}

#[test]
fn lengths_are_bounded() {
    assert!(matches!(error(&"a".repeat(256)), PathError::PartTooLong(_)));
    let long = vec!["a".repeat(255); 17].join("/");
    assert_eq!(error(&long), PathError::TooLong(long.len()));
    // The limit counts bytes: 86 characters of three bytes each.
    assert!(matches!(error(&"雨".repeat(86)), PathError::PartTooLong(_)));
    assert!("雨".repeat(85).parse::<FilePath>().is_ok());
}
