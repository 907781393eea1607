CREATE TYPE instances0locked_by AS ENUM ('owner', 'admin');

CREATE TYPE migration_type AS ENUM ('migration', 'resize', 'live-migration', 'evacuation');

CREATE TABLE certificates (
	id SERIAL NOT NULL,
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	file_name VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE compute_nodes (
	id SERIAL NOT NULL,
	service_id INTEGER,
	host VARCHAR(255),
	uuid VARCHAR(36),
	vcpus INTEGER NOT NULL,
	memory_mb INTEGER NOT NULL,
	local_gb INTEGER NOT NULL,
	vcpus_used INTEGER NOT NULL,
	memory_mb_used INTEGER NOT NULL,
	local_gb_used INTEGER NOT NULL,
	hypervisor_type TEXT NOT NULL,
	hypervisor_version INTEGER NOT NULL,
	hypervisor_hostname VARCHAR(255),
	free_ram_mb INTEGER,
	free_disk_gb INTEGER,
	current_workload INTEGER,
	running_vms INTEGER,
	cpu_info TEXT NOT NULL,
	disk_available_least INTEGER,
	host_ip INET,
	supported_instances TEXT,
	metrics TEXT,
	pci_stats TEXT,
	extra_resources TEXT,
	stats TEXT,
	numa_topology TEXT,
	ram_allocation_ratio FLOAT,
	cpu_allocation_ratio FLOAT,
	disk_allocation_ratio FLOAT,
	mapped INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_compute_nodes0host0hypervisor_hostname0deleted UNIQUE (host, hypervisor_hostname, deleted)
);

CREATE TABLE console_auth_tokens (
	id SERIAL NOT NULL,
	token_hash VARCHAR(255) NOT NULL,
	console_type VARCHAR(255) NOT NULL,
	host VARCHAR(255) NOT NULL,
	port INTEGER NOT NULL,
	tls_port INTEGER,
	internal_access_path VARCHAR(255),
	instance_uuid VARCHAR(36) NOT NULL,
	expires INTEGER NOT NULL,
	access_url_base VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_console_auth_tokens0token_hash UNIQUE (token_hash)
);

CREATE TABLE instance_id_mappings (
	id SERIAL NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE instances (
	id SERIAL NOT NULL,
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	image_ref VARCHAR(255),
	kernel_id VARCHAR(255),
	ramdisk_id VARCHAR(255),
	hostname VARCHAR(255),
	launch_index INTEGER,
	key_name VARCHAR(255),
	key_data TEXT,
	power_state INTEGER,
	vm_state VARCHAR(255),
	task_state VARCHAR(255),
	memory_mb INTEGER,
	vcpus INTEGER,
	root_gb INTEGER,
	ephemeral_gb INTEGER,
	ephemeral_key_uuid VARCHAR(36),
	host VARCHAR(255),
	node VARCHAR(255),
	compute_id BIGINT,
	instance_type_id INTEGER,
	user_data TEXT,
	reservation_id VARCHAR(255),
	launched_at TIMESTAMP WITHOUT TIME ZONE,
	terminated_at TIMESTAMP WITHOUT TIME ZONE,
	availability_zone VARCHAR(255),
	display_name VARCHAR(255),
	display_description VARCHAR(255),
	launched_on TEXT,
	locked BOOLEAN,
	locked_by instances0locked_by,
	os_type VARCHAR(255),
	architecture VARCHAR(255),
	vm_mode VARCHAR(255),
	uuid VARCHAR(36) NOT NULL,
	root_device_name VARCHAR(255),
	default_ephemeral_device VARCHAR(255),
	default_swap_device VARCHAR(255),
	config_drive VARCHAR(255),
	access_ip_v4 INET,
	access_ip_v6 INET,
	auto_disk_config BOOLEAN,
	progress INTEGER,
	shutdown_terminate BOOLEAN,
	disable_terminate BOOLEAN,
	cell_name VARCHAR(255),
	cleaned INTEGER,
	hidden BOOLEAN,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_instances0uuid UNIQUE (uuid)
);

CREATE TABLE project_user_quotas (
	id SERIAL NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	user_id VARCHAR(255) NOT NULL,
	resource VARCHAR(255) NOT NULL,
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_project_user_quotas0user_id0project_id0resource0deleted UNIQUE (user_id, project_id, resource, deleted)
);

CREATE TABLE quota_classes (
	id SERIAL NOT NULL,
	class_name VARCHAR(255),
	resource VARCHAR(255),
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE quota_usages (
	id SERIAL NOT NULL,
	project_id VARCHAR(255),
	user_id VARCHAR(255),
	resource VARCHAR(255) NOT NULL,
	in_use INTEGER NOT NULL,
	reserved INTEGER NOT NULL,
	until_refresh INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE quotas (
	id SERIAL NOT NULL,
	project_id VARCHAR(255),
	resource VARCHAR(255) NOT NULL,
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_quotas0project_id0resource0deleted UNIQUE (project_id, resource, deleted)
);

CREATE TABLE s3_images (
	id SERIAL NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE security_groups (
	id SERIAL NOT NULL,
	name VARCHAR(255),
	description VARCHAR(255),
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_security_groups0project_id0name0deleted UNIQUE (project_id, name, deleted)
);

CREATE TABLE services (
	id SERIAL NOT NULL,
	uuid VARCHAR(36),
	host VARCHAR(255),
	"binary" VARCHAR(255),
	topic VARCHAR(255),
	report_count INTEGER NOT NULL,
	disabled BOOLEAN,
	disabled_reason VARCHAR(255),
	last_seen_up TIMESTAMP WITHOUT TIME ZONE,
	forced_down BOOLEAN,
	version INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_services0host0topic0deleted UNIQUE (host, topic, deleted),
	CONSTRAINT uniq_services0host0binary0deleted UNIQUE (host, "binary", deleted)
);

CREATE TABLE tags (
	resource_id VARCHAR(36) NOT NULL,
	tag VARCHAR(80) NOT NULL,
	PRIMARY KEY (resource_id, tag)
);

CREATE TABLE task_log (
	id SERIAL NOT NULL,
	task_name VARCHAR(255) NOT NULL,
	state VARCHAR(255) NOT NULL,
	host VARCHAR(255) NOT NULL,
	period_beginning TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	period_ending TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	message VARCHAR(255) NOT NULL,
	task_items INTEGER,
	errors INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_task_log0task_name0host0period_beginning0period_ending UNIQUE (task_name, host, period_beginning, period_ending)
);

CREATE TABLE volume_usage_cache (
	id SERIAL NOT NULL,
	volume_id VARCHAR(36) NOT NULL,
	instance_uuid VARCHAR(36),
	project_id VARCHAR(36),
	user_id VARCHAR(64),
	availability_zone VARCHAR(255),
	tot_last_refreshed TIMESTAMP WITHOUT TIME ZONE,
	tot_reads BIGINT,
	tot_read_bytes BIGINT,
	tot_writes BIGINT,
	tot_write_bytes BIGINT,
	curr_last_refreshed TIMESTAMP WITHOUT TIME ZONE,
	curr_reads BIGINT,
	curr_read_bytes BIGINT,
	curr_writes BIGINT,
	curr_write_bytes BIGINT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id)
);

CREATE TABLE block_device_mapping (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36),
	uuid VARCHAR(36),
	source_type VARCHAR(255),
	destination_type VARCHAR(255),
	guest_format VARCHAR(255),
	device_type VARCHAR(255),
	disk_bus VARCHAR(255),
	boot_index INTEGER,
	device_name VARCHAR(255),
	delete_on_termination BOOLEAN,
	snapshot_id VARCHAR(36),
	volume_id VARCHAR(36),
	volume_size INTEGER,
	volume_type VARCHAR(255),
	image_id VARCHAR(36),
	no_device BOOLEAN,
	connection_info TEXT,
	tag VARCHAR(255),
	attachment_id VARCHAR(36),
	encrypted BOOLEAN,
	encryption_secret_uuid VARCHAR(36),
	encryption_format VARCHAR(128),
	encryption_options VARCHAR(4096),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_block_device_mapping0uuid UNIQUE (uuid),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_actions (
	id SERIAL NOT NULL,
	action VARCHAR(255),
	instance_uuid VARCHAR(36),
	request_id VARCHAR(255),
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	start_time TIMESTAMP WITHOUT TIME ZONE,
	finish_time TIMESTAMP WITHOUT TIME ZONE,
	message VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_extra (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36) NOT NULL,
	device_metadata TEXT,
	numa_topology TEXT,
	pci_requests TEXT,
	flavor TEXT,
	vcpu_model TEXT,
	migration_context TEXT,
	keypairs TEXT,
	trusted_certs TEXT,
	resources TEXT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_faults (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36),
	code INTEGER NOT NULL,
	message VARCHAR(255),
	details TEXT,
	host VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_info_caches (
	id SERIAL NOT NULL,
	network_info TEXT,
	instance_uuid VARCHAR(36) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_instance_info_caches0instance_uuid UNIQUE (instance_uuid),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_metadata (
	id SERIAL NOT NULL,
	key VARCHAR(255),
	value VARCHAR(255),
	instance_uuid VARCHAR(36),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_system_metadata (
	id SERIAL NOT NULL,
	key VARCHAR(255) NOT NULL,
	value VARCHAR(255),
	instance_uuid VARCHAR(36) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE migrations (
	id SERIAL NOT NULL,
	source_compute VARCHAR(255),
	dest_compute VARCHAR(255),
	source_node VARCHAR(255),
	dest_node VARCHAR(255),
	dest_compute_id BIGINT,
	dest_host VARCHAR(255),
	old_instance_type_id INTEGER,
	new_instance_type_id INTEGER,
	instance_uuid VARCHAR(36),
	uuid VARCHAR(36),
	status VARCHAR(255),
	migration_type migration_type,
	hidden BOOLEAN,
	memory_total BIGINT,
	memory_processed BIGINT,
	memory_remaining BIGINT,
	disk_total BIGINT,
	disk_processed BIGINT,
	disk_remaining BIGINT,
	cross_cell_move BOOLEAN,
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE pci_devices (
	id SERIAL NOT NULL,
	uuid VARCHAR(36),
	compute_node_id INTEGER NOT NULL,
	address VARCHAR(12) NOT NULL,
	vendor_id VARCHAR(4) NOT NULL,
	product_id VARCHAR(4) NOT NULL,
	dev_type VARCHAR(8) NOT NULL,
	dev_id VARCHAR(255),
	label VARCHAR(255) NOT NULL,
	status VARCHAR(36) NOT NULL,
	request_id VARCHAR(36),
	extra_info TEXT,
	instance_uuid VARCHAR(36),
	numa_node INTEGER,
	parent_addr VARCHAR(12),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_pci_devices0compute_node_id0address0deleted UNIQUE (compute_node_id, address, deleted),
	FOREIGN KEY(compute_node_id) REFERENCES compute_nodes (id)
);

CREATE TABLE reservations (
	id SERIAL NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	usage_id INTEGER NOT NULL,
	project_id VARCHAR(255),
	user_id VARCHAR(255),
	resource VARCHAR(255),
	delta INTEGER NOT NULL,
	expire TIMESTAMP WITHOUT TIME ZONE,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(usage_id) REFERENCES quota_usages (id)
);

CREATE TABLE security_group_instance_association (
	id SERIAL NOT NULL,
	security_group_id INTEGER,
	instance_uuid VARCHAR(36),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(security_group_id) REFERENCES security_groups (id),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE security_group_rules (
	id SERIAL NOT NULL,
	parent_group_id INTEGER,
	protocol VARCHAR(255),
	from_port INTEGER,
	to_port INTEGER,
	cidr INET,
	group_id INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(parent_group_id) REFERENCES security_groups (id),
	FOREIGN KEY(group_id) REFERENCES security_groups (id)
);

CREATE TABLE share_mapping (
	id BIGSERIAL NOT NULL,
	uuid VARCHAR(36),
	instance_uuid VARCHAR(36),
	share_id VARCHAR(36),
	status VARCHAR(32),
	tag VARCHAR(48),
	export_location TEXT,
	share_proto VARCHAR(32),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_key_pairs0instance_uuid0share_id UNIQUE (instance_uuid, share_id),
	CONSTRAINT uniq_key_pairs0instance_uuid0tag UNIQUE (instance_uuid, tag),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE virtual_interfaces (
	id SERIAL NOT NULL,
	address VARCHAR(255),
	network_id INTEGER,
	instance_uuid VARCHAR(36),
	uuid VARCHAR(36),
	tag VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	CONSTRAINT uniq_virtual_interfaces0address0deleted UNIQUE (address, deleted),
	FOREIGN KEY(instance_uuid) REFERENCES instances (uuid)
);

CREATE TABLE instance_actions_events (
	id SERIAL NOT NULL,
	event VARCHAR(255),
	action_id INTEGER,
	start_time TIMESTAMP WITHOUT TIME ZONE,
	finish_time TIMESTAMP WITHOUT TIME ZONE,
	result VARCHAR(255),
	traceback TEXT,
	host VARCHAR(255),
	details TEXT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	deleted_at TIMESTAMP WITHOUT TIME ZONE,
	deleted INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(action_id) REFERENCES instance_actions (id)
);

CREATE SCHEMA nova_api;
SET search_path = nova_api, public;

CREATE TYPE keypair_types AS ENUM ('ssh', 'x509');

CREATE TABLE aggregates (
	id SERIAL NOT NULL,
	uuid VARCHAR(36),
	name VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_aggregate0name UNIQUE (name)
);

CREATE TABLE build_requests (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36),
	project_id VARCHAR(255) NOT NULL,
	instance TEXT,
	block_device_mappings TEXT,
	tags TEXT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_build_requests0instance_uuid UNIQUE (instance_uuid)
);

CREATE TABLE cell_mappings (
	id SERIAL NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	name VARCHAR(255),
	transport_url TEXT,
	database_connection TEXT,
	disabled BOOLEAN,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_cell_mappings0uuid UNIQUE (uuid)
);

CREATE TABLE flavors (
	id SERIAL NOT NULL,
	name VARCHAR(255) NOT NULL,
	memory_mb INTEGER NOT NULL,
	vcpus INTEGER NOT NULL,
	root_gb INTEGER,
	ephemeral_gb INTEGER,
	flavorid VARCHAR(255) NOT NULL,
	swap INTEGER NOT NULL,
	rxtx_factor FLOAT,
	vcpu_weight INTEGER,
	disabled BOOLEAN,
	is_public BOOLEAN,
	description TEXT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_flavors0flavorid UNIQUE (flavorid),
	CONSTRAINT uniq_flavors0name UNIQUE (name)
);

CREATE TABLE instance_groups (
	id SERIAL NOT NULL,
	user_id VARCHAR(255),
	project_id VARCHAR(255),
	uuid VARCHAR(36) NOT NULL,
	name VARCHAR(255),
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_instance_groups0uuid UNIQUE (uuid)
);

CREATE TABLE key_pairs (
	id SERIAL NOT NULL,
	name VARCHAR(255) NOT NULL,
	user_id VARCHAR(255) NOT NULL,
	fingerprint VARCHAR(255),
	public_key TEXT,
	type keypair_types DEFAULT 'ssh' NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_key_pairs0user_id0name UNIQUE (user_id, name)
);

CREATE TABLE project_user_quotas (
	id SERIAL NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	user_id VARCHAR(255) NOT NULL,
	resource VARCHAR(255) NOT NULL,
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_project_user_quotas0user_id0project_id0resource UNIQUE (user_id, project_id, resource)
);

CREATE TABLE quota_classes (
	id SERIAL NOT NULL,
	class_name VARCHAR(255),
	resource VARCHAR(255),
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id)
);

CREATE TABLE quota_usages (
	id SERIAL NOT NULL,
	project_id VARCHAR(255),
	user_id VARCHAR(255),
	resource VARCHAR(255) NOT NULL,
	in_use INTEGER NOT NULL,
	reserved INTEGER NOT NULL,
	until_refresh INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id)
);

CREATE TABLE quotas (
	id SERIAL NOT NULL,
	project_id VARCHAR(255),
	resource VARCHAR(255) NOT NULL,
	hard_limit INTEGER,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_quotas0project_id0resource UNIQUE (project_id, resource)
);

CREATE TABLE request_specs (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36) NOT NULL,
	spec TEXT NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_request_specs0instance_uuid UNIQUE (instance_uuid)
);

CREATE TABLE aggregate_hosts (
	id SERIAL NOT NULL,
	host VARCHAR(255),
	aggregate_id INTEGER NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_aggregate_hosts0host0aggregate_id UNIQUE (host, aggregate_id),
	FOREIGN KEY(aggregate_id) REFERENCES aggregates (id)
);

CREATE TABLE aggregate_metadata (
	id SERIAL NOT NULL,
	key VARCHAR(255) NOT NULL,
	value VARCHAR(255) NOT NULL,
	aggregate_id INTEGER NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_aggregate_metadata0aggregate_id0key UNIQUE (aggregate_id, key),
	FOREIGN KEY(aggregate_id) REFERENCES aggregates (id)
);

CREATE TABLE flavor_extra_specs (
	id SERIAL NOT NULL,
	key VARCHAR(255) NOT NULL,
	value VARCHAR(255),
	flavor_id INTEGER NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_flavor_extra_specs0flavor_id0key UNIQUE (flavor_id, key),
	FOREIGN KEY(flavor_id) REFERENCES flavors (id)
);

CREATE TABLE flavor_projects (
	id SERIAL NOT NULL,
	flavor_id INTEGER NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_flavor_projects0flavor_id0project_id UNIQUE (flavor_id, project_id),
	FOREIGN KEY(flavor_id) REFERENCES flavors (id)
);

CREATE TABLE host_mappings (
	id SERIAL NOT NULL,
	cell_id INTEGER NOT NULL,
	host VARCHAR(255) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_host_mappings0host UNIQUE (host),
	FOREIGN KEY(cell_id) REFERENCES cell_mappings (id)
);

CREATE TABLE instance_group_member (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(255),
	group_id INTEGER NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	FOREIGN KEY(group_id) REFERENCES instance_groups (id)
);

CREATE TABLE instance_group_policy (
	id SERIAL NOT NULL,
	policy VARCHAR(255),
	group_id INTEGER NOT NULL,
	rules TEXT,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	FOREIGN KEY(group_id) REFERENCES instance_groups (id)
);

CREATE TABLE instance_mappings (
	id SERIAL NOT NULL,
	instance_uuid VARCHAR(36) NOT NULL,
	cell_id INTEGER,
	project_id VARCHAR(255) NOT NULL,
	user_id VARCHAR(255),
	queued_for_delete BOOLEAN,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	CONSTRAINT uniq_instance_mappings0instance_uuid UNIQUE (instance_uuid),
	FOREIGN KEY(cell_id) REFERENCES cell_mappings (id)
);

CREATE TABLE reservations (
	id SERIAL NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	usage_id INTEGER NOT NULL,
	project_id VARCHAR(255),
	user_id VARCHAR(255),
	resource VARCHAR(255),
	delta INTEGER NOT NULL,
	expire TIMESTAMP WITHOUT TIME ZONE,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id),
	FOREIGN KEY(usage_id) REFERENCES quota_usages (id)
);
