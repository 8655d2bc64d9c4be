//! TLS: one configuration for all users.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, builder::BoolishValueParser};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use crate::exit::Problem;

/// Whom to trust.
#[derive(Args, Clone, Debug, Default)]
pub struct Trust {
    /// A PEM file with authorities to trust besides the system's
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_CACERT",
        help_heading = "Server"
    )]
    pub cacert: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long, conflicts_with = "cacert", value_parser = BoolishValueParser::new(), env = "LOADTEST_INSECURE", help_heading = "Server")]
    pub insecure: bool,
}

impl Trust {
    /// The connector for it.
    pub fn connector(&self) -> Result<TlsConnector, Problem> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.insecure {
            Arc::new(Anybody(Arc::clone(&provider)))
        } else {
            Arc::new(
                Verifier::new_with_extra_roots(self.authorities()?, Arc::clone(&provider))
                    .map_err(|error| unusable(&error))?,
            )
        };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// The further authorities as they stand in their file.
    pub fn authority(&self) -> Result<Option<Vec<u8>>, Problem> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| {
                Problem::new(format!(
                    "--cacert {}: cannot be read: {error}",
                    path.display()
                ))
                .advise("name a PEM file that you may read")
            })
        };
        self.cacert.as_ref().map(read).transpose()
    }

    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, Problem> {
        let Some(path) = &self.cacert else {
            return Ok(Vec::new());
        };
        let unreadable = |why: String| {
            Problem::new(format!("--cacert {}: {why}", path.display()))
                .advise("expected a PEM file with one or more certificates")
        };
        let found: Vec<_> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| unreadable(error.to_string()))?;
        if found.is_empty() {
            return Err(unreadable("there is no certificate in it".to_owned()));
        }
        Ok(found)
    }
}

fn unusable(error: &rustls::Error) -> Problem {
    Problem::new(format!("TLS cannot be set up on this machine: {error}"))
}

/// Trusts everybody, because the caller said so.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
