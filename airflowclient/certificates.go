package airflowclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// TLS says how the server proves who it is, and how we do. The zero value trusts what the system trusts and shows no certificate.
type TLS struct {
	CA         []byte // PEM certificates of the authorities to trust, instead of those of the system
	Cert       []byte // PEM certificate to show to a server that asks for one, with its chain
	Key        []byte // PEM key of Cert
	ServerName string // the name that the server's certificate must hold; "": the host of the address
	Insecure   bool   // trust any certificate: whoever sits in between can read and change everything
}

func (t TLS) isZero() bool {
	return len(t.CA) == 0 && len(t.Cert) == 0 && len(t.Key) == 0 && t.ServerName == "" && !t.Insecure
}

// config is the settings of Go's TLS. No error repeats what the PEM holds.
func (t TLS) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.Insecure}
	if len(t.CA) > 0 {
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(t.CA) {
			return nil, errors.New("the file of certificate authorities holds no PEM certificate")
		}
	}
	switch {
	case len(t.Cert) == 0 && len(t.Key) == 0:
		return cfg, nil
	case len(t.Cert) == 0 || len(t.Key) == 0:
		return nil, errors.New("a client certificate needs both the certificate and its key")
	}
	pair, err := tls.X509KeyPair(t.Cert, t.Key)
	if err != nil {
		return nil, fmt.Errorf("the client certificate and its key cannot be used: %w", err)
	}
	cfg.Certificates = []tls.Certificate{pair}
	return cfg, nil
}

// newTransport is Go's own with as many idle connections as there are requests in flight.
func newTransport(inFlight int, t TLS) (http.RoundTripper, error) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport, nil
	}
	transport := standard.Clone()
	transport.MaxIdleConnsPerHost = inFlight
	if t.isZero() {
		return transport, nil
	}
	cfg, err := t.config()
	if err != nil {
		return nil, &Error{Op: opConfigure, Kind: KindInvalid, Detail: oneLine(err.Error()), hint: "see the TLS settings of this Airflow", err: err}
	}
	transport.TLSClientConfig = cfg
	return transport, nil
}

// tlsAlert is what a server says that does not like our certificate, or misses it; Go keeps the type to itself.
const tlsAlert = "remote error: tls: "

// isTLS reports whether no request was sent because the two sides did not come to trust each other.
func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) || err != nil && strings.Contains(err.Error(), tlsAlert)
}

// tlsHint is the next step after an error of TLS.
func tlsHint(err error, host string) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return "the certificate is made out to another name than " + host + "; use that name as the address, or set server_name if it is meant to differ"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return expiry(invalid.Cert, host)
	case errors.As(err, &authority), errors.As(err, &invalid):
		return "the authority that signed the certificate of " + host + " is not trusted here; name its certificate with ca_file"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return host + " speaks no TLS at this port; check the port, or write http:// for a server on this machine"
	}
	return host + " wants a client certificate that it trusts; name one with client_cert_file and client_key_file"
}

// expiry says which way a certificate is out of date.
func expiry(cert *x509.Certificate, host string) string {
	const renew = "renew it, and check the clock of this machine"
	if cert == nil {
		return "a certificate of " + host + " has ended or has not begun; " + renew
	}
	return fmt.Sprintf("a certificate of %s is good from %s to %s only; %s", host, cert.NotBefore.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly), renew)
}
