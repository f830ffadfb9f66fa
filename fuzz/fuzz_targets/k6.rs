#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tailproof_fuzz::read(Some("k6"), data));
