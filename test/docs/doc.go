// Package docs holds tests of what the documentation shows. It has no code of its own.
package docs
