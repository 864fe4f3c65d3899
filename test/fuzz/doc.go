// Package fuzz holds fuzz targets over the outermost surfaces, each with seeds that
// also run as plain tests. It may import whatever it attacks.
//
//	go test ./test/fuzz -fuzz FuzzBody -fuzztime 1m
package fuzz
