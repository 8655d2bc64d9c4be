//! Permissions.

use super::open_enum::number_enum;

number_enum! {
    /// What somebody may do, from little to much. Up to 0.24 it is called «right».
    #[derive(Default)]
    Permission {
        /// Read.
        #[default]
        Read = 0 "read",
        /// Read and write.
        ReadWrite = 1 "read and write",
        /// Read, write, share and delete.
        Admin = 2 "admin",
    }
}
