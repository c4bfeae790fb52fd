package airflowclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"chrononctl/airflowclient"
)

// authority is a certificate authority of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue signs a certificate for the name, which is good until the given time, and gives it and its key as PEM.
func (a authority) issue(t *testing.T, name string, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

// serveTLS is an Airflow with the certificate, which wants one of its clients' when there is an authority for those.
func serveTLS(t *testing.T, cert, key []byte, clients *authority) *httptest.Server {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(answer(200, `{"version": "3.3.2", "dag_id": "x"}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if clients != nil {
		server.TLS.ClientAuth, server.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		server.TLS.ClientCAs.AddCert(clients.cert)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestServerAndClientProveWhoTheyAre(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	cert, key := ours.issue(t, "127.0.0.1", later)
	named, namedKey := ours.issue(t, "airflow.example.com", later)
	ended, endedKey := ours.issue(t, "127.0.0.1", before)
	mine, myKey := ours.issue(t, "ana", later)
	foreign, foreignKey := theirs.issue(t, "ana", later)
	old, oldKey := ours.issue(t, "ana", before)
	open, strict := serveTLS(t, cert, key, nil), serveTLS(t, cert, key, &ours)
	other, over := serveTLS(t, named, namedKey, nil), serveTLS(t, ended, endedKey, nil)
	plain := httptest.NewServer(answer(200, `{"version": "3.3.2"}`))
	t.Cleanup(plain.Close)
	for _, test := range []struct {
		name string
		url  string
		tls  airflowclient.TLS
		hint string // empty: it works
	}{
		{"an authority of our own", open.URL, airflowclient.TLS{CA: ours.pem}, ""},
		{"no authority", open.URL, airflowclient.TLS{}, "name its certificate with ca_file"},
		{"another authority", open.URL, airflowclient.TLS{CA: theirs.pem}, "name its certificate with ca_file"},
		{"no authority, and none wanted", open.URL, airflowclient.TLS{Insecure: true}, ""},
		{"another name", other.URL, airflowclient.TLS{CA: ours.pem}, "made out to another name than 127.0.0.1"},
		{"another name that is meant", other.URL, airflowclient.TLS{CA: ours.pem, ServerName: "airflow.example.com"}, ""},
		{"a certificate that has ended", over.URL, airflowclient.TLS{CA: ours.pem}, "is good from " + before.Add(-24*time.Hour).UTC().Format(time.DateOnly)},
		{"our certificate", strict.URL, airflowclient.TLS{CA: ours.pem, Cert: mine, Key: myKey}, ""},
		{"no certificate of ours", strict.URL, airflowclient.TLS{CA: ours.pem}, "wants a client certificate"},
		{"one of another authority", strict.URL, airflowclient.TLS{CA: ours.pem, Cert: foreign, Key: foreignKey}, "wants a client certificate"},
		{"one that has ended", strict.URL, airflowclient.TLS{CA: ours.pem, Cert: old, Key: oldKey}, "wants a client certificate"},
		{"a server without TLS", strings.Replace(plain.URL, "http:", "https:", 1), airflowclient.TLS{}, "speaks no TLS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, err := airflowclient.New(airflowclient.Config{URL: test.url, TLS: test.tls, MaxTries: 2})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.DAG(t.Context(), "x")
			if test.hint == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := asError(t, err)
			if e.Kind != airflowclient.KindUnreachable || !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("got %v, hint %q", err, e.Hint())
			}
			if sent := c.Requests().Requests; sent != 1 {
				t.Errorf("tried %d times: trust does not grow by repetition", sent)
			}
		})
	}
}

func TestTLSSettingsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	cert, key := ours.issue(t, "ana", time.Now().Add(time.Hour))
	_, another := ours.issue(t, "bob", time.Now().Add(time.Hour))
	for _, test := range []struct {
		name, detail string
		tls          airflowclient.TLS
	}{
		{"no authority in the file", "holds no PEM certificate", airflowclient.TLS{CA: []byte("canary")}},
		{"a certificate without its key", "needs both", airflowclient.TLS{Cert: cert}},
		{"a key without its certificate", "needs both", airflowclient.TLS{Key: key}},
		{"the key of another", "private key does not match", airflowclient.TLS{Cert: cert, Key: another}},
		{"no key", "cannot be used", airflowclient.TLS{Cert: cert, Key: []byte("canary")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := airflowclient.New(airflowclient.Config{URL: "https://airflow.example.com", TLS: test.tls})
			if e := asError(t, err); e.Kind != airflowclient.KindInvalid || !strings.Contains(e.Detail, test.detail) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A change that was not sent for want of trust was not made.
func TestChangeWithoutTrustIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t, "ours")
	cert, key := ours.issue(t, "127.0.0.1", time.Now().Add(time.Hour))
	server := serveTLS(t, cert, key, &ours)
	f := newFake(apiV2, nil)
	direct, err := airflowclient.New(airflowclient.Config{URL: server.URL, TLS: airflowclient.TLS{CA: ours.pem}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = direct.Server(t.Context())
	if airflowclient.IsAmbiguous(err) || err == nil {
		t.Errorf("got %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	network := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(network.CloseIdleConnections)
	c := newClient(t, transport(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/version") {
			return f.RoundTrip(req)
		}
		return network.RoundTrip(req)
	}), airflowclient.Config{URL: server.URL})
	if err := c.SetPaused(t.Context(), "x", true); err == nil || airflowclient.IsAmbiguous(err) {
		t.Errorf("got %v", err)
	}
}
