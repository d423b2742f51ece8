// Command thief shows a certificate without having its key: it signs with another one. Libraries refuse to be
// set up like that, Go's included, unless the parts are put together by hand.
//
// It dials, or with "listen" it listens, and prints what the other end sent before it noticed.
package main

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

func main() {
	mode, certificate, key := os.Args[1], os.Args[2], os.Args[3]
	stolen := tls.Certificate{
		Certificate: [][]byte{block(certificate)},
		PrivateKey:  signer(key),
	}
	var conn net.Conn
	var err error
	if mode == "listen" {
		conn, err = listen(stolen)
	} else {
		conn, err = tls.Dial("tcp", "127.0.0.1:"+os.Args[4], &tls.Config{
			InsecureSkipVerify: true,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &stolen, nil
			},
		})
	}
	if err != nil {
		fmt.Println("none")
		return
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	got, _ := io.ReadAll(conn)
	fmt.Printf("%d bytes\n", len(got))
}

func listen(stolen tls.Certificate) (net.Conn, error) {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{stolen},
	})
	if err != nil {
		return nil, err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return listener.Accept()
}

func block(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	decoded, _ := pem.Decode(text)
	return decoded.Bytes
}

func signer(path string) crypto.Signer {
	key, err := x509.ParsePKCS8PrivateKey(block(path))
	if err != nil {
		panic(err)
	}
	return key.(crypto.Signer)
}
