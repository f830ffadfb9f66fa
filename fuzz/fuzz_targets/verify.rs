#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tailproof_fuzz::verify(data));
