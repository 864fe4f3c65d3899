# METADATA
# title: Claims take new volumes of the platform's classes
# description: |
#   A claim that names its volume, or asks for no class at all, binds what an
#   administrator or another tenant left behind; a class decides which backend, and whose,
#   serves it; a data source of another namespace copies what is not the author's. The
#   benchmarks of Kubernetes' multi-tenancy group ask for the same (no reuse of volumes).
#   Judges PersistentVolumeClaims and the templates of StatefulSets, whose claims the
#   controller makes under its own name.
#   Capsule let a claim take another tenant's volume by its name
#   (projectcapsule/capsule #682).
# custom:
#   match:
#     groups: ["", apps]
#     kinds: [PersistentVolumeClaim, StatefulSet]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # The cluster's default class must be among them: the API server fills it in.
#     classes: [default, standard]
package storage.claims

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

spec := value.at(write.object, ["spec"])

templates := value.at(spec, ["volumeClaimTemplates"])

# claims are [where, spec, spec as stored].
claims contains ["spec", spec, value.at(write.old, ["spec"])] if write.kind != "StatefulSet"

claims contains [where, value.at(template, ["spec"]), null] if {
	write.kind == "StatefulSet"
	not templates_kept
	some i, template in value.items(templates)
	where := sprintf("spec.volumeClaimTemplates[%d].spec", [i])
}

# Templates cannot be changed later, so a StatefulSet from before the rule still scales.
templates_kept if templates == value.at(write.old, ["spec", "volumeClaimTemplates"])

wrong contains malformed("spec.volumeClaimTemplates", "a list") if {
	list := templates
	not value.is_list(list)
}

wrong contains malformed(where, "an object") if {
	some [where, claim, _] in claims
	not is_object(claim)
}

wrong contains text.message(
	sprintf("%s.storageClassName is %s", [where, text.quote(class)]),
	sprintf("the default class, by leaving it out, or one of: %s", [text.list(classes)]),
	"leave it out, or ask the platform's administrators to list it",
) if {
	some [where, claim, old] in claims
	class := value.at(claim, ["storageClassName"])
	class != null
	class != value.at(old, ["storageClassName"])
	not class in classes
}

default classes := []

classes := input.parameters.classes

wrong contains text.message(
	sprintf("%s.volumeName is %s", [where, text.quote(volume)]),
	"volumes are bound by the controller",
	"leave it out",
) if {
	some [where, claim, old] in claims
	volume := value.at(claim, ["volumeName"])
	not volume in {null, "", value.at(old, ["volumeName"])}
}

wrong contains text.message(
	sprintf("%s.%s is of namespace %s", [where, field, text.quote(namespace)]),
	sprintf("sources in namespace %s", [text.quote(write.namespace)]),
	"leave the namespace out",
) if {
	some [where, claim, _] in claims
	some field in ["dataSource", "dataSourceRef"]
	namespace := value.at(claim, [field, "namespace"])
	home := write.namespace
	not namespace in {null, "", home}
}

wrong contains malformed(sprintf("%s.%s", [where, field]), "an object") if {
	some [where, claim, _] in claims
	some field in ["dataSource", "dataSourceRef"]
	found := value.at(claim, field)
	not value.is_map(found)
}

malformed(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)
