package cli

import "github.com/spf13/cobra"

func newPassport(env Env) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "passport",
		Short: "Prove or look at the passports on objects",
		Long: `A passport names the author of an object, signed by Gatehouse, in the annotation
gatehouse.dev/passport.`,
		Example: `  gatehouse passport verify --object rs/first
  gatehouse passport inspect -f session.yaml`,
	})
	cmd.AddCommand(newPassportVerify(env), newPassportInspect(env))
	return cmd
}
