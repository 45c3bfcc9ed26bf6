//! Parquet files that lie or are broken: refused with the place, or read as the truth; never a
//! panic, never other values.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use parquet::basic::{Compression, Type as Physical};
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetMetaDataWriter, ParquetStatisticsPolicy, RowGroupMetaDataBuilder, SortingColumn,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::statistics::Statistics;
use veritrail_datasets::ingest::parquet::{ParquetRefused, cut_points, inspect};

use crate::parquet_files::{read_all, small, written};

fn small_files() -> Vec<Bytes> {
    let builder = || WriterProperties::builder().set_max_row_group_row_count(Some(4));
    let v2 = WriterVersion::PARQUET_2_0;
    vec![
        written(&small(), builder().set_compression(Compression::UNCOMPRESSED).build()),
        written(
            &small(),
            builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(false).build(),
        ),
        written(&small(), builder().set_compression(Compression::ZSTD(Default::default())).build()),
        written(&small(), builder().set_compression(Compression::GZIP(Default::default())).build()),
        written(&small(), builder().set_writer_version(v2).set_dictionary_enabled(false).build()),
        written(
            &small(),
            builder().set_writer_version(v2).set_compression(Compression::LZ4_RAW).build(),
        ),
    ]
}

/// Physical types and whether values may be missing: what decides how pages are decoded.
fn layout_of(file: &Bytes) -> (Vec<Physical>, Vec<i16>) {
    // Without statistics, which a flipped bit may have broken.
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let footer = &file[footer_start(file)..file.len() - 8];
    let metadata =
        ParquetMetaDataReader::decode_metadata_with_options(footer, Some(&options)).unwrap();
    let columns = metadata.file_metadata().schema_descr().columns();
    let types = columns.iter().map(|column| column.physical_type()).collect();
    (types, columns.iter().map(|column| column.max_def_level()).collect())
}

fn footer_start(file: &Bytes) -> usize {
    let tail: [u8; 4] = file[file.len() - 8..file.len() - 4].try_into().unwrap();
    file.len() - 8 - u32::from_le_bytes(tail) as usize
}

fn metadata(file: &Bytes) -> ParquetMetaData {
    ParquetMetaDataReader::decode_metadata(&file[footer_start(file)..file.len() - 8]).unwrap()
}

/// The same pages under another footer.
fn with_footer(file: &Bytes, metadata: &ParquetMetaData) -> Bytes {
    let mut bytes = file[..footer_start(file)].to_vec();
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, metadata).finish().unwrap();
    // The writer counts offsets from where it starts; only its footer and tail are wanted.
    bytes.extend_from_slice(&footer);
    bytes.into()
}

type Column = fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder;
type Group = fn(RowGroupMetaDataBuilder) -> RowGroupMetaDataBuilder;

/// A footer with column `index` of row group 1 and that row group changed.
fn lie(file: &Bytes, index: usize, column: Column, group: Group) -> Bytes {
    let metadata = metadata(file);
    let mut groups = metadata.row_groups().to_vec();
    let mut columns = groups[1].columns().to_vec();
    columns[index] = column(columns[index].clone().into_builder()).build().unwrap();
    let changed = groups[1].clone().into_builder().set_column_metadata(columns);
    groups[1] = group(changed).build().unwrap();
    let changed = metadata.into_builder().set_row_groups(groups).build();
    with_footer(file, &changed)
}

#[test]
fn an_unchanged_footer_is_read() {
    for file in small_files() {
        let same = with_footer(&file, &metadata(&file));
        assert_eq!(read_all(&same).unwrap().1, read_all(&file).unwrap().1);
    }
}

#[test]
fn lies_about_values_and_order_change_nothing() {
    let lies: [(Column, Group); 4] = [
        (
            |c| c.set_statistics(Statistics::int64(Some(100), Some(200), Some(1), Some(0), false)),
            |g| g,
        ),
        (
            |c| c.set_statistics(Statistics::int64(Some(0), Some(0), None, Some(u64::MAX), true)),
            |g| g,
        ),
        (
            |c| {
                c.clear_statistics()
                    .set_bloom_filter_offset(Some(i64::MAX))
                    .set_bloom_filter_length(Some(-1))
            },
            |g| g,
        ),
        (
            |c| {
                c.set_column_index_offset(Some(4))
                    .set_column_index_length(Some(9))
                    .set_offset_index_offset(Some(-1))
                    .set_offset_index_length(Some(7))
            },
            |g| {
                g.set_sorting_columns(Some(vec![SortingColumn {
                    column_idx: 0,
                    descending: true,
                    nulls_first: false,
                }]))
                .set_total_byte_size(-5)
                .set_file_offset(i64::MIN)
            },
        ),
    ];
    for file in small_files() {
        let truth = read_all(&file).unwrap().1;
        for (column, group) in lies {
            assert_eq!(read_all(&lie(&file, 0, column, group)).unwrap().1, truth);
        }
    }
}

#[test]
fn lies_about_rows_sizes_and_places_are_refused_with_the_place() {
    let lies: [(&str, Column, Group); 12] = [
        ("row group 1", |c| c, |g| g.set_num_rows(5)),
        ("row group 1", |c| c, |g| g.set_num_rows(-1)),
        ("row group 1", |c| c, |g| g.set_num_rows(1 << 60)),
        ("row group 1", |c| c.set_num_values(5), |g| g),
        ("row group 1", |c| c.set_num_values(-4), |g| g),
        ("row group 1", |c| c.set_total_compressed_size(i64::MAX / 2), |g| g),
        ("row group 1", |c| c.set_total_compressed_size(-1), |g| g),
        ("row group 1", |c| c.set_total_compressed_size(3), |g| g),
        ("row group 1", |c| c.set_data_page_offset(0).set_dictionary_page_offset(None), |g| g),
        (
            "row group 1",
            |c| c.set_data_page_offset(i64::MAX).set_dictionary_page_offset(None),
            |g| g,
        ),
        ("row group 1", |c| c.set_data_page_offset(-9).set_dictionary_page_offset(None), |g| g),
        ("row group 1", |c| c.set_file_path("../elsewhere".to_owned()), |g| g),
    ];
    let mut tried = 0;
    for file in small_files() {
        for (place, column, group) in lies {
            let lying = lie(&file, 0, column, group);
            let error = read_all(&lying).unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
            assert!(
                error.to_string().contains("\"i\"") || !error.to_string().contains("column"),
                "{error}"
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 72);
}

#[test]
fn both_counts_of_a_row_group_may_lie_together() {
    for file in small_files() {
        for (rows, file_rows) in [(3, 7), (5, 9), (0, 4), (1 << 40, (1 << 40) + 4)] {
            let metadata = metadata(&file);
            let mut groups = metadata.row_groups().to_vec();
            let columns: Vec<_> = groups[1]
                .columns()
                .iter()
                .map(|c| c.clone().into_builder().set_num_values(rows).build().unwrap())
                .collect();
            groups[1] = groups[1]
                .clone()
                .into_builder()
                .set_num_rows(rows)
                .set_column_metadata(columns)
                .build()
                .unwrap();
            let old = metadata.file_metadata();
            let claimed = parquet::file::metadata::FileMetaData::new(
                old.version(),
                file_rows,
                None,
                None,
                old.schema_descr_ptr(),
                None,
            );
            let lying = with_footer(&file, &ParquetMetaData::new(claimed, groups));
            let inspection = inspect(&lying).unwrap();
            assert_eq!(inspection.rows(), file_rows as u64, "the footer agrees with itself");
            let error = inspection.check_pages(&lying).unwrap_err();
            assert!(matches!(error, ParquetRefused::Count { .. }), "{error}");
            for columns in [&[][..], &[0], &[1], &[2], &[0, 1, 2]] {
                let error = inspection.read(&lying, 1, columns).err();
                let error = error.expect("a row count that no page has");
                assert!(matches!(error, ParquetRefused::Count { .. }), "{error}");
            }
        }
    }
}

#[test]
fn two_columns_that_share_bytes_are_refused() {
    for file in small_files() {
        let metadata = metadata(&file);
        let mut groups = metadata.row_groups().to_vec();
        let columns = groups[0].columns().to_vec();
        groups[1] = groups[1].clone().into_builder().set_column_metadata(columns).build().unwrap();
        let shared = with_footer(&file, &metadata.into_builder().set_row_groups(groups).build());
        assert!(matches!(inspect(&shared), Err(ParquetRefused::Overlap { .. })));
        assert!(cut_points(&shared).is_empty());
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for file in small_files() {
        for length in 0..file.len() {
            let cut = file.slice(..length);
            assert!(read_all(&cut).is_err(), "{length} bytes of {}", file.len());
            assert!(cut_points(&cut).is_empty());
        }
        // And with a tail that pretends to be whole.
        for length in (12..file.len()).step_by(5) {
            let mut cut = file[..length - 8].to_vec();
            cut.extend_from_slice(&file[file.len() - 8..]);
            assert!(read_all(&Bytes::from(cut)).is_err());
        }
    }
}

#[test]
fn every_flipped_bit_of_a_footer_is_refused_or_changes_no_value() {
    let (mut refused, mut same, mut other_schema) = (0, 0, 0);
    for file in small_files() {
        let (inspection, truth) = read_all(&file).unwrap();
        for at in footer_start(&file)..file.len() {
            for bit in 0..8 {
                let mut flipped = file.to_vec();
                flipped[at] ^= 1 << bit;
                let flipped = Bytes::from(flipped);
                match read_all(&flipped) {
                    Err(_) => refused += 1,
                    Ok((found, _)) if found.schema() != inspection.schema() => other_schema += 1,
                    // "No value is missing" makes another file of the same bytes, now and then a
                    // whole one. Another physical type never does.
                    Ok(_) if layout_of(&flipped) != layout_of(&file) => {
                        assert_eq!(layout_of(&flipped).0, layout_of(&file).0);
                        other_schema += 1;
                    }
                    Ok((_, rows)) => {
                        assert_eq!(rows, truth, "byte {at}, bit {bit}");
                        same += 1;
                    }
                }
            }
        }
    }
    assert!(
        refused > 1_000 && same > 1_000 && other_schema > 10,
        "{refused} {same} {other_schema}"
    );
}

#[test]
fn no_flipped_bit_of_a_page_panics_or_loses_a_row() {
    let (mut refused, mut read) = (0, 0);
    for file in small_files() {
        let truth = read_all(&file).unwrap().1;
        for at in 0..footer_start(&file) {
            for bit in 0..8 {
                let mut flipped = file.to_vec();
                flipped[at] ^= 1 << bit;
                match read_all(&Bytes::from(flipped)) {
                    Err(error) => {
                        let text = error.to_string();
                        assert!(text.contains("row group") || at < 4, "{text}");
                        refused += 1;
                    }
                    Ok((_, rows)) => {
                        assert_eq!(rows.num_rows(), truth.num_rows(), "byte {at}, bit {bit}");
                        read += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 1_000 && read > 500, "{refused} refused, {read} read");
}

#[test]
fn random_changes_of_many_bytes_never_panic() {
    let mut state = 88_172_645_463_325_252u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    let mut refused = 0;
    for file in small_files() {
        let footer = footer_start(&file);
        for round in 0..1_500 {
            let mut changed = file.to_vec();
            // Half of the rounds leave the tail alone, so that the footer is reached.
            let range = if round % 2 == 0 { 4..footer } else { footer..file.len() - 8 };
            for _ in 0..1 + random() % 6 {
                let at = range.start + random() % range.len();
                changed[at] = random() as u8;
            }
            refused += usize::from(read_all(&Bytes::from(changed)).is_err());
        }
    }
    assert!(refused > 2_000, "{refused}");
}

/// A file whose first page header was replaced, with the footer told its new size.
fn with_page(batch: &RecordBatch, codec: Compression, header: &[u8], body: &[u8]) -> Bytes {
    let properties =
        WriterProperties::builder().set_compression(codec).set_dictionary_enabled(false).build();
    let file = written(batch, properties);
    let metadata = metadata(&file);
    let mut bytes = b"PAR1".to_vec();
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(body);
    let group = metadata.row_group(0).clone();
    let column = group.column(0).clone().into_builder();
    let column = column
        .set_data_page_offset(4)
        .set_dictionary_page_offset(None)
        .set_total_compressed_size((header.len() + body.len()) as i64)
        .build()
        .unwrap();
    let group = group.into_builder().set_column_metadata(vec![column]).build().unwrap();
    let changed = metadata.into_builder().set_row_groups(vec![group]).build();
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &changed).finish().unwrap();
    bytes.extend_from_slice(&footer);
    bytes.into()
}

/// A thrift varint of a zigzag integer.
fn zigzag(value: i64) -> Vec<u8> {
    let mut raw = ((value << 1) ^ (value >> 63)) as u64;
    let mut bytes = Vec::new();
    while raw >= 0x80 {
        bytes.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    bytes.push(raw as u8);
    bytes
}

/// A PageHeader of a data page of version 1.
fn data_page(uncompressed: i64, compressed: i64, values: i64, encoding: i64) -> Vec<u8> {
    let parts: [&[u8]; 12] = [
        &[0x15],
        &zigzag(0),
        &[0x15],
        &zigzag(uncompressed),
        &[0x15],
        &zigzag(compressed),
        &[0x2c, 0x15],
        &zigzag(values),
        &[0x15],
        &zigzag(encoding),
        &[0x15, 0x06, 0x15, 0x06, 0x00],
        &[0x00],
    ];
    parts.concat()
}

fn one_int() -> RecordBatch {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![42]));
    RecordBatch::try_from_iter([("n", values)]).unwrap()
}

#[test]
fn a_hand_made_page_is_read() {
    let body = 42i64.to_le_bytes();
    let file = with_page(&one_int(), Compression::UNCOMPRESSED, &data_page(8, 8, 1, 0), &body);
    assert_eq!(read_all(&file).unwrap().1.column(0).as_ref(), &Int64Array::from(vec![42]));
}

#[test]
fn sizes_of_pages_are_checked_before_anything_is_unpacked() {
    let body = 42i64.to_le_bytes();
    for (uncompressed, compressed) in [
        (i64::from(i32::MAX), 8),
        (-1, 8),
        (8, -1),
        (8, i64::from(i32::MAX)),
        (8, 9),
        (9, 8),
        (8, 7),
    ] {
        let header = data_page(uncompressed, compressed, 1, 0);
        for codec in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())]
        {
            let file = with_page(&one_int(), codec, &header, &body);
            let error = read_all(&file).unwrap_err().to_string();
            assert!(error.contains("row group 0, column \"n\", page"), "{error}");
            let by_headers = inspect(&file).unwrap().check_pages(&file);
            assert!(by_headers.is_err() || (uncompressed, compressed) == (9, 8));
        }
    }
}

#[test]
fn a_body_that_unpacks_to_more_than_it_states_is_refused_early() {
    // Many zeros, as the codecs pack them; the header states eight bytes.
    let zeros = || std::io::Read::take(std::io::repeat(0), 32 << 20);
    let mut gzip = Vec::new();
    let mut packer = flate2::read::GzEncoder::new(zeros(), flate2::Compression::fast());
    std::io::Read::read_to_end(&mut packer, &mut gzip).unwrap();
    let bombs = [
        (Compression::GZIP(Default::default()), gzip),
        (Compression::SNAPPY, snappy_of_a_gigabyte()),
    ];
    for (codec, bomb) in bombs {
        let header = data_page(8, bomb.len() as i64, 1, 0);
        let file = with_page(&one_int(), codec, &header, &bomb);
        let error = read_all(&file).unwrap_err();
        assert!(
            matches!(
                error,
                ParquetRefused::Page { page: 0, .. } | ParquetRefused::Undecodable { .. }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("8"), "{error}");
    }
}

/// A snappy stream that claims a gigabyte.
fn snappy_of_a_gigabyte() -> Vec<u8> {
    let mut bytes = vec![0x80, 0x80, 0x80, 0x80, 0x04];
    bytes.extend_from_slice(&[0; 64]);
    bytes
}

#[test]
fn counts_inside_delta_streams_are_checked_before_they_are_allocated() {
    // Block 128, 4 miniblocks, 2^60 values, first value 0.
    let mut body = vec![0x80, 0x01, 0x04];
    body.extend_from_slice(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0x00]);
    let size = body.len() as i64;
    let file =
        with_page(&one_int(), Compression::UNCOMPRESSED, &data_page(size, size, 1, 5), &body);
    let error = read_all(&file).unwrap_err().to_string();
    assert!(error.contains("delta"), "{error}");
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let batch = RecordBatch::try_from_iter([("n", texts)]).unwrap();
    for encoding in [6, 7] {
        let header = data_page(size, size, 1, encoding);
        let file = with_page(&batch, Compression::UNCOMPRESSED, &header, &body);
        let error = read_all(&file).unwrap_err().to_string();
        assert!(error.contains("delta"), "{error}");
    }
}

#[test]
fn hostile_footers_allocate_nothing() {
    let footer = |thrift: &[u8]| {
        let mut bytes = b"PAR1".to_vec();
        bytes.extend_from_slice(thrift);
        bytes.extend_from_slice(&(thrift.len() as u32).to_le_bytes());
        bytes.extend_from_slice(b"PAR1");
        Bytes::from(bytes)
    };
    // Lists of 2^31 schema elements and row groups, a binary of 2^40 bytes, a map of 2^40.
    for thrift in [
        &[0x15, 0x02, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07][..],
        &[0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00],
        &[0x68, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x00],
        &[0x6b, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x55, 0x00],
        &[0xff; 64],
        &[0x00],
    ] {
        assert!(inspect(&footer(thrift)).is_err(), "{thrift:?}");
    }
    let deep = [0x1c; 100_000];
    assert!(matches!(inspect(&footer(&deep)), Err(ParquetRefused::Thrift { .. })));
    let deep: Vec<u8> = std::iter::repeat_n([0x19, 0x19], 50_000).flatten().collect();
    assert!(matches!(inspect(&footer(&deep)), Err(ParquetRefused::Thrift { .. })));
}

#[test]
fn other_files_are_no_parquet() {
    for bytes in
        [&b""[..], b"P", b"PAR1", b"PAR1PAR1", b"PAR1\0\0\0\0PAR1", b"a,b\n1,2\n3,4\n5,6\n"]
    {
        let error = inspect(&Bytes::copy_from_slice(bytes)).unwrap_err();
        assert!(
            matches!(error, ParquetRefused::NotParquet(_) | ParquetRefused::FooterLength { .. }),
            "{error}"
        );
    }
    let encrypted = Bytes::from_static(b"PARE\x01\x02\x03\x04\x04\0\0\0PARE");
    assert!(matches!(inspect(&encrypted), Err(ParquetRefused::Encrypted)));
    let mut huge = b"PAR1".to_vec();
    huge.extend_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
    huge.extend_from_slice(b"PAR1");
    assert!(matches!(inspect(&Bytes::from(huge)), Err(ParquetRefused::FooterLength { .. })));
}
