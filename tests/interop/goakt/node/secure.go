package main

import (
	gotls "crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"github.com/tochemey/goakt/v3/tls"
)

// serverName is what certificates of our nodes are for: GoAkt does not look at the address it has dialled.
const serverName = "troupe.test"

// readTLS is the configuration for mutual TLS; none when there is no certificate.
func readTLS(cert, key, authority string) (*tls.Info, error) {
	if cert == "" {
		return nil, nil
	}
	pair, err := gotls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New("cannot read the authority")
	}
	certificates := []gotls.Certificate{pair}
	return &tls.Info{
		ClientConfig: &gotls.Config{
			Certificates: certificates,
			RootCAs:      roots,
			ServerName:   serverName,
			MinVersion:   gotls.VersionTLS13,
		},
		ServerConfig: &gotls.Config{
			Certificates: certificates,
			ClientCAs:    roots,
			ClientAuth:   gotls.RequireAndVerifyClientCert,
			MinVersion:   gotls.VersionTLS13,
		},
	}, nil
}
