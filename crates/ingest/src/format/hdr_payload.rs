//! The histograms of an HdrHistogram log: base64 of a header and counts, mostly deflated.
//!
//! ```text
//! compressed  cookie u32, length u32, zlib of one of the following
//! V1, V2      cookie u32, payload u32, offset u32, digits u32,
//!             lowest u64, highest u64, ratio f64, counts
//! V0          cookie u32, digits u32, lowest u64, highest u64, total u64, counts
//! ```
//! All big-endian. Cookies, without bits 4 to 7: V0 `1c849308` (compressed `09`), V1 `…01`
//! (`02`), V2 `…03` (`04`). V0 and V1 hold counts of as many bytes as bits 4 to 7 say; V2 holds
//! ZigZag LEB128 numbers, a negative one being a run of empty buckets.
//!
//! # Source
//! The layout as documented by the HdrHistogram project.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use tailproof_core::{Binned, Closed};

/// Most bytes of an inflated histogram.
const LARGEST: u64 = 16 << 20;
const CUT: &str = "the histogram is cut off";

/// The histogram in a base64 text; `None` when it holds no observation.
///
/// Buckets are `[lo, hi)`: a histogram keeps values only up to its precision.
///
/// # Errors
/// Anything that is no histogram of these layouts.
pub(super) fn decode(text: &str) -> Result<Option<Binned>, &'static str> {
    let coded = STANDARD.decode(text).map_err(|_| "a histogram is written in base64")?;
    let mut bytes = Bytes(&coded);
    let compressed = matches!(base(bytes.u32()?), 0x1c84_9304 | 0x1c84_9302 | 0x1c84_9309);
    if !compressed {
        return histogram(&coded);
    }
    let length = bytes.u32()? as usize;
    let mut inflated = Vec::new();
    ZlibDecoder::new(bytes.0.get(..length).ok_or(CUT)?)
        .take(LARGEST + 1)
        .read_to_end(&mut inflated)
        .map_err(|_| "a compressed histogram is zlib")?;
    if inflated.len() as u64 > LARGEST {
        return Err("a histogram of more than 16 MiB");
    }
    histogram(&inflated)
}

/// A cookie without the size of its words.
const fn base(cookie: u32) -> u32 {
    cookie & !0xf0
}

fn histogram(raw: &[u8]) -> Result<Option<Binned>, &'static str> {
    let mut bytes = Bytes(raw);
    let cookie = bytes.u32()?;
    let version = match base(cookie) {
        0x1c84_9303 => 2,
        0x1c84_9301 => 1,
        0x1c84_9308 => 0,
        _ => return Err("a histogram begins with a cookie of V0, V1 or V2"),
    };
    let mut payload = usize::MAX;
    if version > 0 {
        payload = bytes.u32()? as usize;
        bytes.u32()?;
    }
    let (digits, lowest) = (bytes.u32()?, bytes.u64()?);
    bytes.u64()?;
    let last = bytes.u64()?;
    if version > 0 && f64::from_bits(last) != 1.0 {
        return Err("a histogram of scaled values is not understood");
    }
    let counts = if version > 0 { bytes.0.get(..payload).ok_or(CUT)? } else { bytes.0 };
    let mut buckets = Buckets::new(digits, lowest)?;
    if version == 2 {
        let mut counts = Bytes(counts);
        while !counts.0.is_empty() {
            match counts.zigzag()? {
                empty @ ..0 => buckets.skip(empty.unsigned_abs())?,
                count => buckets.add(count as u64)?,
            }
        }
    } else {
        let word = ((cookie >> 4) & 0xe) as usize;
        if ![2, 4, 8].contains(&word) {
            return Err("a histogram's counts have 2, 4 or 8 bytes");
        }
        for bytes in counts.chunks_exact(word) {
            let count = bytes.iter().fold(0, |sum, &b| (sum << 8) | u64::from(b));
            if bytes[0] >= 0x80 {
                return Err("a count is not negative");
            }
            buckets.add(count)?;
        }
    }
    buckets.finish()
}

/// Big-endian numbers, front to back.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(CUT)?;
        self.0 = rest;
        Ok(*first)
    }

    fn u32(&mut self) -> Result<u32, &'static str> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, &'static str> {
        self.take().map(u64::from_be_bytes)
    }

    /// Seven bits a byte, the lowest first, eight in the ninth; the sign in the lowest bit.
    fn zigzag(&mut self) -> Result<i64, &'static str> {
        let mut value = 0_u64;
        for place in 0..9 {
            let [byte] = self.take()?;
            let (bits, more) = if place < 8 { (byte & 0x7f, byte >= 0x80) } else { (byte, false) };
            value |= u64::from(bits) << (7 * place);
            if !more {
                break;
            }
        }
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

/// Counts by index become buckets by value; runs of empty ones become one.
struct Buckets {
    /// Powers of two: of half the buckets that share a width, and of the narrowest width.
    half: u32,
    unit: u32,
    index: u64,
    edges: Vec<f64>,
    counts: Vec<u64>,
}

impl Buckets {
    /// `digits` are the decimal digits kept, `lowest` the smallest value told from 0.
    fn new(digits: u32, lowest: u64) -> Result<Self, &'static str> {
        if digits > 5 || lowest == 0 {
            return Err("a histogram keeps 0 to 5 digits of values from 1 on");
        }
        let half = (2 * 10_u64.pow(digits)).next_power_of_two().trailing_zeros() - 1;
        let (edges, counts) = (Vec::new(), Vec::new());
        Ok(Self { half, unit: lowest.ilog2(), index: 0, edges, counts })
    }

    fn skip(&mut self, empty: u64) -> Result<(), &'static str> {
        self.index = self.index.checked_add(empty).ok_or("a histogram with too many buckets")?;
        Ok(())
    }

    fn add(&mut self, count: u64) -> Result<(), &'static str> {
        let index = self.index;
        self.skip(1)?;
        if count == 0 {
            return Ok(());
        }
        let within = index & ((1 << self.half) - 1);
        // The first two halves share the narrowest width.
        let (place, doublings) = match index >> self.half {
            0 => (within, 0),
            n => (within + (1 << self.half), n - 1),
        };
        let shift = doublings.saturating_add(u64::from(self.unit));
        if shift > 62 - u64::from(self.half) {
            return Err("a histogram holds values below 2^63");
        }
        let (lo, hi) = ((place << shift) as f64, ((place + 1) << shift) as f64);
        match self.edges.last() {
            Some(&end) if end == lo => {}
            Some(_) => {
                self.counts.push(0);
                self.edges.push(lo);
            }
            None => self.edges.push(lo),
        }
        self.edges.push(hi);
        self.counts.push(count);
        Ok(())
    }

    fn finish(self) -> Result<Option<Binned>, &'static str> {
        if self.counts.is_empty() {
            return Ok(None);
        }
        Binned::new(self.edges, self.counts, Closed::Lower)
            .map(Some)
            .map_err(|_| "the counts of a histogram add up to more than 2^64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First intervals of three logs of jHiccup, which say 3.031, 2.802 and 2.769 ms at most.
    const V0: &str = "HISTiQAAAG542pNpmdzBwMDAxAAGfgoMDMxuBjsWQLgMTI+gDFYozQmlOaA0M5Rmg9LsUJoFjc+GZg4rmjkwdUxofG4obQeldaG0LJTmR1PvCKXVIRQjzL2BUFoYTT0jwyjABkbDZTSeR8FofI+CEQ4AUBEGxA==";
    const V1: &str = "HISTIgAAAFd42pNpmazIwMAYxgABTBDKT4GBgdnNYMcCBvsPUBkeBkYGZqA8MwMbAzsDC5DFBCTZgJCDQY1BjkGLQZRBlUEPCB8zWDCYMxgDZZkZhgJgHDibAY8JB/A=";
    const V2: &str = "HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=";

    #[test]
    fn each_version_is_decoded() {
        for (text, max) in [(V0, 3_047_424.0), (V1, 2_801_664.0), (V2, 2_768_896.0)] {
            let binned = decode(text).unwrap().unwrap();
            assert_eq!(binned.edges().last(), Some(&max));
            assert!(binned.counts().iter().all(|&c| c < 2_000));
        }
    }

    #[test]
    fn buckets_are_the_ranges_of_equal_values() {
        // Two digits: values 0 to 255 one by one, then widths of 2, 4 and so on.
        let mut buckets = Buckets::new(2, 1).unwrap();
        for (empty, count) in [(255, 1), (0, 2), (127, 3)] {
            buckets.skip(empty).unwrap();
            buckets.add(count).unwrap();
        }
        let binned = buckets.finish().unwrap().unwrap();
        assert_eq!(binned.edges(), [255.0, 256.0, 258.0, 512.0, 516.0]);
        assert_eq!(binned.counts(), [1, 2, 0, 3]);
        assert!(Buckets::new(2, 1).unwrap().finish().unwrap().is_none());
    }

    #[test]
    fn numbers_of_any_length_are_read() {
        for (bytes, want) in [
            (&[0x00][..], 0),
            (&[0x01], -1),
            (&[0x02], 1),
            (&[0xfe, 0x01], 127),
            (&[0xff; 9], i64::MIN),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], i64::MAX),
        ] {
            assert_eq!(Bytes(bytes).zigzag(), Ok(want));
        }
        assert_eq!(Bytes(&[0x80]).zigzag(), Err(CUT));
    }

    #[test]
    fn a_cut_histogram_is_an_error_and_never_a_panic() {
        for text in [V0, V1, V2] {
            let coded = STANDARD.decode(text).unwrap();
            for length in 0..coded.len() {
                assert!(decode(&STANDARD.encode(&coded[..length])).is_err());
            }
        }
        assert!(decode("not base64").is_err());
    }
}
