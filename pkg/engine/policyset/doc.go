// Package policyset keeps the set of policies that is in force: the built-in ones with
// what Policy objects say of them, the rules that Policy objects, directories and
// bundles bring, compiled into one Program. What does not compile never replaces what
// does.
package policyset
