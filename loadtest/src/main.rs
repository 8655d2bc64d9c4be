//! `loadtest`: see `lib.rs`.

fn main() -> std::process::ExitCode {
    loadtest::main()
}
