//! Whether an account can be used.

use super::open_enum::number_enum;

number_enum! {
    /// Whether an account can be used. Shown of bots, and to administrators.
    #[derive(Default)]
    UserStatus {
        /// It can.
        #[default]
        Active = 0 "active",
        /// Its email address must be confirmed first.
        EmailUnconfirmed = 1 "email address not confirmed",
        /// It cannot.
        Disabled = 2 "disabled",
        /// It was locked after failed log-ins (2.2.1+).
        Locked = 3 "locked",
    }
}
