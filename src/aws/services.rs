//! The signing names of AWS's services, and the host names that lead to each signing name.
//!
//! Source: the endpoints and the signing names of botocore's clients, in all partitions, with FIPS and dual-stack
//! variants. `bedrock-mantle` is not a client there
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html>).

/// The services whose signing name is the first label of their host: `NAME.REGION.…`. In alphabetical order, separated
/// by white space.
const SAME: &str = "\
    access-analyzer account account-access acm acm-pca aco-automation agent-registry aidevops aiops airflow
    airflow-serverless amplify amplifybackend amplifyuibuilder aoss apigateway app-integrations appconfig appfabric
    appflow application-autoscaling application-cost-profiler application-signals applicationinsights appmesh
    apprunner appsync aps arc-region-switch arc-zonal-shift artifact athena auditmanager autoscaling
    autoscaling-plans aws-external-anthropic b2bi backup backup-gateway backup-search batch bcm-dashboards
    bcm-data-exports bcm-pricing-calculator bcm-recommended-actions bedrock bedrock-agentcore bedrock-mantle billing
    billingconductor braket budgets cases cassandra ce chatbot chime cleanrooms cleanrooms-ml cloud9 cloudcontrolapi
    clouddirectory cloudformation cloudfront cloudfront-keyvaluestore cloudhsm cloudsearch cloudtrail
    cloudtrail-data codeartifact codebuild codecommit codeconnections codedeploy codeguru-profiler codeguru-reviewer
    codeguru-security codepipeline codestar-connections codestar-notifications cognito-identity cognito-idp
    cognito-sync comprehend comprehendmedical compute-optimizer config connect connect-campaigns continuum
    controlcatalog controltower cost-optimization-hub cur databrew dataexchange datapipeline datasync datazone dax
    deadline detective devicefarm devops-guru directconnect discovery dlm dms docdb-elastic drs ds ds-data dsql
    dynamodb ebs ec2 ec2-instance-connect ecr ecr-public ecs eks eks-auth elasticache elasticbeanstalk
    elasticfilesystem elasticloadbalancing elasticmapreduce elemental-inference emr-containers emr-serverless
    end-user-messaging entityresolution es events evs execute-api firehose fis fms forecast frauddetector freetier
    fsx gamelift gameliftstreams geo geo-maps geo-places geo-routes glacier globalaccelerator glue grafana
    greengrass groundstation guardduty health health-agent healthlake iam identitystore imagebuilder inspector
    inspector-scan inspector2 interconnect internetmonitor invoicing iot iotfleetwise iotsitewise iotthingsgraph
    iottwinmaker ivs ivschat kafka kafkaconnect kendra kendra-ranking kinesis kinesisanalytics kinesisvideo kms
    lakeformation lambda launchwizard license-manager license-manager-linux-subscriptions
    license-manager-user-subscriptions lightsail logs lookoutequipment m2 machinelearning macie2 managedblockchain
    managedblockchain-query marketplacecommerceanalytics mediaconnect mediaconvert medialive mediapackage
    mediapackage-vod mediapackagev2 mediastore mediatailor medical-imaging mgh mgn migrationhub-orchestrator
    migrationhub-strategy monitoring mpa mq mturk-requester neptune-db neptune-graph network-firewall
    network-security-manager networkflowmonitor networkmanager networkmonitor notifications notifications-contacts
    nova-act oam observabilityadmin odb omics organizations osis osm outposts partnercentral-account
    partnercentral-benefits partnercentral-channel partnercentral-selling pca-connector-ad pca-connector-scep pcs
    personalize pi pipes polly pricingplanmanager profile proton qbusiness quicksight ram rbin rds rds-data redshift
    redshift-data redshift-serverless refactor-spaces rekognition repostspace resiliencehub resource-explorer-2
    resource-groups rolesanywhere route53 route53-recovery-cluster route53-recovery-control-config
    route53-recovery-readiness route53domains route53globalresolver route53profiles route53resolver rtbfabric rum
    s3files s3tables s3vectors sagemaker-geospatial savingsplans scheduler schemas scn sdb secretsmanager
    security-ir securityagent securityhub securitylake serverlessrepo servicecatalog servicediscovery servicequotas
    shield signer signin sms-voice snow-device-management snowball sns social-messaging sqs ssm ssm-contacts
    ssm-guiconnect ssm-incidents ssm-quicksetup ssm-sap sso states storagegateway sts support supportapp
    supportauthz swf synthetics tagging tax textract thinclient timestream-influxdb transcribe transfer translate
    trustedadvisor uxc verifiedpermissions voiceid vpc-lattice waf waf-regional wafv2 wellarchitected wisdom
    workdocs workmail workmailmessageflow workspaces workspaces-instances workspaces-web xray";

/// The services whose signing name differs from the first labels of their host: those labels, then the signing name.
const RENAMED: &[(&str, &str)] = &[
    ("a2i-runtime.sagemaker", "sagemaker"),
    ("account-access-runtime", "account-access"),
    ("admin.wickr", "wickr"),
    ("agent-registry-control", "agent-registry"),
    ("agreement-marketplace", "aws-marketplace"),
    ("aos", "es"),
    ("api.detective", "detective"),
    ("api.ecr", "ecr"),
    ("api.ecr-public", "ecr-public"),
    ("api.iot-tunneling", "IoTSecuredTunneling"),
    ("api.iotdeviceadvisor", "iotdeviceadvisor"),
    ("api.iotmanagedintegrations", "iotmanagedintegrations"),
    ("api.iotwireless", "iotwireless"),
    ("api.mediatailor", "mediatailor"),
    ("api.pricing", "pricing"),
    ("api.sagemaker", "sagemaker"),
    ("api.sustainability", "sustainability"),
    ("api.tunneling.iot", "IoTSecuredTunneling"),
    ("appconfigdata", "appconfig"),
    ("appstream2", "appstream"),
    ("aps-workspaces", "aps"),
    ("arc-recovery-control-config", "route53-recovery-control-config"),
    ("bedrock-agent", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("bedrock-agentcore-control", "bedrock-agentcore"),
    ("bedrock-data-automation", "bedrock"),
    ("bedrock-data-automation-runtime", "bedrock"),
    ("bedrock-runtime", "bedrock"),
    ("cassandra-streams", "cassandra"),
    ("catalog-marketplace", "aws-marketplace"),
    ("catalog.marketplace", "aws-marketplace"),
    ("cloudhsmv2", "cloudhsm"),
    ("cloudsearchdomain", "cloudsearch"),
    ("cloudwatch-omni", "cloudwatch"),
    ("cn.transcribe", "transcribe"),
    ("contact-lens", "connect"),
    ("controlplane.payment-cryptography", "payment-cryptography"),
    ("data-ats.iot", "iotdata"),
    ("data-signer", "signer"),
    ("data.ats.iot", "iotdata"),
    ("data.iot", "iotdata"),
    ("data.jobs.iot", "iot-jobs-data"),
    ("data.mediastore", "mediastore"),
    ("data.qapps", "qapps"),
    ("dataplane.payment-cryptography", "payment-cryptography"),
    ("deployment-marketplace", "aws-marketplace"),
    ("discovery-marketplace", "aws-marketplace"),
    ("edge.sagemaker", "sagemaker"),
    ("efs", "elasticfilesystem"),
    ("email", "ses"),
    ("entitlement-marketplace", "aws-marketplace"),
    ("entitlement.marketplace", "aws-marketplace"),
    ("eventsv2", "events"),
    ("featurestore-runtime.sagemaker", "sagemaker"),
    ("forecastquery", "forecast"),
    ("iam-toolbox", "iam"),
    ("identity-chime", "chime"),
    ("importexport", "IngestionService"),
    ("inferencerouter-runtime.sagemaker", "sagemaker"),
    ("ingest.timestream", "timestream"),
    ("ivsrealtime", "ivs"),
    ("job-runtime.sagemaker", "sagemaker"),
    ("kafka-api", "kafka"),
    ("kinesis-queues", "kinesis"),
    ("mail-manager", "ses"),
    ("maps.geo", "geo-maps"),
    ("media-pipelines-chime", "chime"),
    ("meetings-chime", "chime"),
    ("memory-db", "memorydb"),
    ("messaging-chime", "chime"),
    ("metering-marketplace", "aws-marketplace"),
    ("metering.marketplace", "aws-marketplace"),
    ("metrics.sagemaker", "sagemaker"),
    ("migrationhub-config", "mgh"),
    ("models-v2-lex", "lex"),
    ("models.lex", "lex"),
    ("oidc", "sso-oauth"),
    ("participant.connect", "execute-api"),
    ("personalize-events", "personalize"),
    ("personalize-runtime", "personalize"),
    ("pinpoint", "mobiletargeting"),
    ("places.geo", "geo-places"),
    ("portal.sso", "awsssoportal"),
    ("query.timestream", "timestream"),
    ("queue", "sqs"),
    ("reporting-marketplace", "aws-marketplace"),
    ("routes.geo", "geo-routes"),
    ("runtime-v2-lex", "lex"),
    ("runtime.lex", "lex"),
    ("runtime.sagemaker", "sagemaker"),
    ("servicecatalog-appregistry", "servicecatalog"),
    ("sms-voice.pinpoint", "sms-voice"),
    ("streams-dynamodb", "dynamodb"),
    ("streams.dynamodb", "dynamodb"),
    ("sync-states", "states"),
    ("timestream-ingest", "timestream"),
    ("timestream-query", "timestream"),
    ("training-session-runtime.sagemaker", "sagemaker"),
    ("voice-chime", "chime"),
];

/// The services whose hosts begin with the name of a resource or an account: `ID.LABELS.REGION.…`.
const OF_RESOURCES: &[(&str, &str)] = &[
    ("appsync-api", "appsync"),
    ("appsync-realtime-api", "appsync"),
    ("control-kinesis", "kinesis"),
    ("data-kinesis", "kinesis"),
    ("data.mediastore", "mediastore"),
    ("ddb", "dynamodb"),
    ("execute-api", "execute-api"),
    ("gateway.bedrock-agentcore", "bedrock-agentcore"),
    ("iot", "iotdata"),
    ("kinesisvideo", "kinesisvideo"),
];

/// The services whose hosts have the region before the label of the service: `ID.REGION.NAME.…`.
const AFTER_REGION: &[(&str, &str)] =
    &[("aoss", "aoss"), ("cloudsearch", "cloudsearch"), ("es", "es"), ("neptune", "neptune-db"), ("queue", "sqs")];

/// The services whose hosts are in the domain `on.aws`: `ID.NAME.REGION.on.aws`.
const ON_AWS: &[(&str, &str)] =
    &[("aos", "es"), ("aoss", "aoss"), ("lambda-url", "lambda"), ("vpc-lattice-svcs", "vpc-lattice-svcs")];

/// Returns the signing name of the service whose host is `LABELS.REGION.…`, or `None` if the service is unknown.
pub(super) fn named(labels: &str) -> Option<&'static str> {
    find(RENAMED, labels).or_else(|| SAME.split_ascii_whitespace().find(|name| *name == labels))
}

/// Returns the signing name of the service whose host is `ID.LABELS.REGION.…`, or `None` if the service is unknown.
pub(super) fn of_resource(labels: &str) -> Option<&'static str> {
    find(OF_RESOURCES, labels)
}

/// Returns the signing name of the service whose host is `ID.REGION.LABEL.…`, or `None` if the service is unknown.
pub(super) fn after_region(label: &str) -> Option<&'static str> {
    find(AFTER_REGION, label)
}

/// Returns the signing name of the service whose host is `ID.LABEL.REGION.on.aws`, or `None` if the service is unknown.
pub(super) fn on_aws(label: &str) -> Option<&'static str> {
    find(ON_AWS, label)
}

fn find(table: &[(&str, &'static str)], labels: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == labels).map(|(_, name)| *name)
}
