//! Licences: names of the list, or a text.

use veritrail_datasets::licence::{Licence, LicenceError, MAX_TEXT_BYTES};

#[test]
fn names_of_the_list_are_taken() {
    for expression in ["CC0-1.0", "CC-BY-4.0", "ODbL-1.0", "MIT OR Apache-2.0", " CC-BY-NC-SA-4.0 "]
    {
        let licence = Licence::check(expression, None).unwrap();
        assert_eq!(licence.expression(), expression.trim());
    }
}

#[test]
fn what_is_not_on_the_list_is_refused_with_the_place() {
    for expression in
        ["CC BY 4.0", "public domain", "cc0-1.0", "CC0-1.0 AND", "CC0-1.0)", "(", "Foo"]
    {
        let error = Licence::check(expression, None).unwrap_err();
        assert!(matches!(error, LicenceError::NotSpdx { .. }), "{expression}: {error}");
        assert!(error.to_string().contains("spdx.org"), "{error}");
    }
    assert_eq!(Licence::check("  ", None).unwrap_err(), LicenceError::Missing);
}

#[test]
fn a_reference_needs_its_text_and_a_text_its_reference() {
    let error = Licence::check("LicenseRef-NCHS", None).unwrap_err();
    assert!(
        matches!(&error, LicenceError::TextMissing { reference } if reference == "LicenseRef-NCHS")
    );
    let error = Licence::check("CC0-1.0 OR LicenseRef-Own", Some(" \n")).unwrap_err();
    assert!(matches!(error, LicenceError::TextMissing { .. }));
    let licence = Licence::check("LicenseRef-NCHS", Some("Statistics only.")).unwrap();
    assert_eq!(licence.text(), Some("Statistics only."));
    let error = Licence::check("CC0-1.0", Some("more")).unwrap_err();
    assert!(matches!(error, LicenceError::TextUnused { .. }));
}

#[test]
fn nothing_is_unbounded() {
    let long = "MIT OR ".repeat(500) + "MIT";
    assert!(matches!(Licence::check(&long, None), Err(LicenceError::TooLong { .. })));
    let text = "x".repeat(MAX_TEXT_BYTES + 1);
    assert!(matches!(
        Licence::check("LicenseRef-A", Some(&text)),
        Err(LicenceError::TooLong { .. })
    ));
}
