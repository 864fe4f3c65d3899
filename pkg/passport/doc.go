// Package passport is the signed statement of who is behind a write or a call. The
// wire form is
//
//	v1.<key id>.<base64url payload>.<base64url HMAC-SHA256>
//
// with the MAC over the exact bytes before the last dot. A passport has one encoding
// only: Sign makes it and Verify refuses every other, so that equal bytes and equal
// meaning are the same thing. The MAC key is derived from the signing key per audience,
// so a passport of one audience proves nothing to another.
//
// It imports the standard library only. It reads no clock: whoever verifies says what
// time it is.
package passport
