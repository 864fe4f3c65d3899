// Package config holds the one configuration file of Gatehouse: its types, its strict
// loader, its defaults and its validation. Both servers and the command line read it.
//
// It may import apimachinery, a YAML parser and pkg/tenant, whose caller table it
// carries. It opens one file and knows no client.
package config
