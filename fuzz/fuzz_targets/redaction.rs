#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cogfed_fuzz::redaction::run(data));
