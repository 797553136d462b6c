//! The `rxgate` program.

fn main() {}
