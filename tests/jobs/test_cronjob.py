"""The Kubernetes CronJob: each key is one that the API has, and what must hold of a job that releases numbers holds."""

from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from decom.vocabulary import ExitCode
from tests.jobs.reading import JOBS, ROOT, VARIABLES, assert_a_run, exec_form, read_dockerfile


class Part(BaseModel):
    """A part of a manifest; a key that is not named here is a mistake (the API server would drop it or refuse)."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Meta(Part):
    name: str | None = None
    labels: dict[str, str]


class ExitCodes(Part):
    containerName: str
    operator: Literal["In", "NotIn"]
    values: list[int]


class Condition(Part):
    type: Literal["DisruptionTarget"]
    status: Literal["True"]


class Rule(Part):
    action: Literal["FailJob", "Ignore", "Count"]
    onExitCodes: ExitCodes | None = None
    onPodConditions: list[Condition] | None = None


class Rules(Part):
    rules: list[Rule]


class Capabilities(Part):
    drop: list[str]


class ContainerSecurity(Part):
    allowPrivilegeEscalation: bool
    readOnlyRootFilesystem: bool
    capabilities: Capabilities


class Variable(Part):
    name: str
    value: str


class Mount(Part):
    name: str
    mountPath: str
    readOnly: bool = False


class Container(Part):
    name: str
    image: str
    args: list[str]
    env: list[Variable]
    resources: dict[Literal["requests", "limits"], dict[Literal["cpu", "memory"], str]]
    securityContext: ContainerSecurity
    volumeMounts: list[Mount]


class Claim(Part):
    claimName: str


class Secret(Part):
    secretName: str
    defaultMode: int


class Volume(Part):
    name: str
    persistentVolumeClaim: Claim | None = None
    secret: Secret | None = None
    emptyDir: dict[str, str] | None = None


class PodSecurity(Part):
    runAsNonRoot: bool
    runAsUser: int
    runAsGroup: int
    fsGroup: int
    fsGroupChangePolicy: Literal["OnRootMismatch", "Always"]
    seccompProfile: dict[Literal["type"], Literal["RuntimeDefault", "Unconfined"]]


class Pod(Part):
    restartPolicy: Literal["Never", "OnFailure"]
    automountServiceAccountToken: bool
    terminationGracePeriodSeconds: int
    securityContext: PodSecurity
    containers: list[Container]
    volumes: list[Volume]


class PodTemplate(Part):
    metadata: Meta
    spec: Pod


class Job(Part):
    backoffLimit: int
    activeDeadlineSeconds: int
    podFailurePolicy: Rules
    template: PodTemplate


class JobTemplate(Part):
    metadata: Meta
    spec: Job


class Schedule(Part):
    schedule: str
    timeZone: str
    concurrencyPolicy: Literal["Allow", "Forbid", "Replace"]
    startingDeadlineSeconds: int
    successfulJobsHistoryLimit: int
    failedJobsHistoryLimit: int
    jobTemplate: JobTemplate


class CronJob(Part):
    apiVersion: Literal["batch/v1"]
    kind: Literal["CronJob"]
    metadata: Meta
    spec: Schedule


DISK, MANIFEST = yaml.safe_load_all((JOBS / "cronjob.yaml").read_text())
CRONJOB = CronJob.model_validate(MANIFEST)
JOB = CRONJOB.spec.jobTemplate.spec
POD = JOB.template.spec
(CONTAINER,) = POD.containers
MOUNTS = {mount.name: mount for mount in CONTAINER.volumeMounts}
ENVIRONMENT = {variable.name: variable.value for variable in CONTAINER.env}


def test_a_key_that_the_api_does_not_have_is_seen() -> None:
    wrong: dict[str, Any] = {**MANIFEST, "spec": {**MANIFEST["spec"], "concurencyPolicy": "Forbid"}}
    with pytest.raises(ValidationError):
        CronJob.model_validate(wrong)


def test_no_second_run_is_started_beside_the_first_and_no_night_is_made_up_for_by_day() -> None:
    assert CRONJOB.spec.concurrencyPolicy == "Forbid"
    assert CRONJOB.spec.startingDeadlineSeconds <= 3600


def test_nothing_is_tried_twice_by_itself() -> None:
    assert JOB.backoffLimit == 0
    assert POD.restartPolicy == "Never"  # which a podFailurePolicy needs, too


def test_the_exit_codes_that_somebody_must_decide_about_fail_the_job_by_name() -> None:
    ignored, failing = JOB.podFailurePolicy.rules
    assert ignored.action == "Ignore"
    assert ignored.onPodConditions == [Condition(type="DisruptionTarget", status="True")]
    assert failing.action == "FailJob"
    assert failing.onExitCodes is not None
    assert failing.onExitCodes.containerName == CONTAINER.name
    assert failing.onExitCodes.operator == "In"
    assert {ExitCode(code) for code in failing.onExitCodes.values} == {
        ExitCode.BAD_INPUT,
        ExitCode.HELD_BACK,
        ExitCode.GUARD,
        ExitCode.KEY_REFUSED,
    }


def test_it_runs_what_decom_takes() -> None:
    assert_a_run(CONTAINER.args)
    assert set(ENVIRONMENT) <= VARIABLES


def test_the_key_comes_from_a_secret_that_is_mounted_and_never_from_the_environment() -> None:
    assert ENVIRONMENT["DIALNEXA_API_KEY_FILE"] == f"{MOUNTS['key'].mountPath}/key"
    assert MOUNTS["key"].readOnly
    (secret,) = [volume.secret for volume in POD.volumes if volume.name == "key"]
    assert secret is not None
    assert secret.defaultMode & 0o007 == 0


def test_the_job_file_whose_addresses_hold_tokens_comes_from_a_secret() -> None:
    (secret,) = [volume.secret for volume in POD.volumes if volume.name == "job"]
    assert secret is not None
    assert secret.defaultMode & 0o007 == 0
    assert MOUNTS["job"].readOnly
    assert CONTAINER.args[1].startswith(f"{MOUNTS['job'].mountPath}/")


def test_it_is_not_root_and_can_write_to_its_state_and_tmp_alone() -> None:
    assert POD.securityContext.runAsNonRoot
    assert POD.securityContext.seccompProfile == {"type": "RuntimeDefault"}
    assert CONTAINER.securityContext.readOnlyRootFilesystem
    assert not CONTAINER.securityContext.allowPrivilegeEscalation
    assert CONTAINER.securityContext.capabilities.drop == ["ALL"]
    assert {mount.mountPath for mount in CONTAINER.volumeMounts if not mount.readOnly} == {"/data", "/tmp"}
    assert not POD.automountServiceAccountToken


def test_home_and_output_are_folders_in_the_disk_whose_rights_nobody_opens_at_each_start() -> None:
    assert ENVIRONMENT["DECOM_HOME"] == "/data/home"
    assert ENVIRONMENT["DECOM_OUTPUT"] == "/data/runs"
    assert POD.securityContext.fsGroupChangePolicy == "OnRootMismatch"
    (claim,) = [volume.persistentVolumeClaim for volume in POD.volumes if volume.name == "state"]
    assert claim is not None
    assert claim.claimName == DISK["metadata"]["name"]
    assert DISK["kind"] == "PersistentVolumeClaim"
    assert DISK["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_every_mount_has_its_volume() -> None:
    assert set(MOUNTS) == {volume.name for volume in POD.volumes}


def test_a_stop_has_the_time_to_be_polite() -> None:
    assert POD.terminationGracePeriodSeconds >= 60


def test_its_user_folders_and_command_are_those_of_the_image() -> None:
    image = dict(read_dockerfile((ROOT / "Dockerfile").read_text()))  # the last of each kind counts
    security = POD.securityContext
    assert image["USER"] == f"{security.runAsUser}:{security.runAsGroup}"
    assert image["VOLUME"] == MOUNTS["state"].mountPath
    assert exec_form(image["ENTRYPOINT"]) == ["decom"]
