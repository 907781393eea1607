CREATE TYPE meteringlabels_direction AS ENUM ('ingress', 'egress');

CREATE TYPE network_segment_range_network_type AS ENUM ('vlan', 'vxlan', 'gre', 'geneve');

CREATE TYPE defaultsecuritygrouprules_direction AS ENUM ('ingress', 'egress');

CREATE TYPE directions AS ENUM ('egress', 'ingress');

CREATE TYPE qos_minimum_packet_rate_rules_directions AS ENUM ('any', 'ingress', 'egress');

CREATE TYPE qos_packet_rate_limit_rules_directions AS ENUM ('egress', 'ingress');

CREATE TYPE securitygrouprules_direction AS ENUM ('ingress', 'egress');

CREATE TYPE numa_affinity_policy AS ENUM ('required', 'preferred', 'legacy', 'socket');

CREATE TYPE pvlan_type_enum AS ENUM ('isolated', 'promiscuous', 'community');

CREATE TYPE ipv6_ra_modes AS ENUM ('slaac', 'dhcpv6-stateful', 'dhcpv6-stateless');

CREATE TYPE ipv6_address_modes AS ENUM ('slaac', 'dhcpv6-stateful', 'dhcpv6-stateless');

CREATE TYPE l3_ha_states AS ENUM ('active', 'standby', 'unknown');

CREATE TABLE address_scopes (
	name VARCHAR(255) NOT NULL,
	shared BOOLEAN DEFAULT false NOT NULL,
	ip_version INTEGER NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id)
);

CREATE TABLE agents (
	agent_type VARCHAR(255) NOT NULL,
	"binary" VARCHAR(255) NOT NULL,
	topic VARCHAR(255) NOT NULL,
	host VARCHAR(255) NOT NULL,
	availability_zone VARCHAR(255),
	admin_state_up BOOLEAN DEFAULT true NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	started_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	heartbeat_timestamp TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	description VARCHAR(255),
	configurations VARCHAR(4095) NOT NULL,
	resource_versions VARCHAR(8191),
	load INTEGER DEFAULT '0' NOT NULL,
	resources_synced BOOLEAN,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_agents0agent_type0host UNIQUE (agent_type, host)
);

CREATE TABLE dvr_host_macs (
	host VARCHAR(255) NOT NULL,
	mac_address VARCHAR(32) NOT NULL,
	PRIMARY KEY (host),
	UNIQUE (mac_address)
);

CREATE TABLE flavors (
	name VARCHAR(255),
	description VARCHAR(1024),
	enabled BOOLEAN DEFAULT true NOT NULL,
	service_type VARCHAR(36),
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE ipamsubnets (
	neutron_subnet_id VARCHAR(36),
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE meteringlabels (
	name VARCHAR(255),
	description VARCHAR(1024),
	shared BOOLEAN DEFAULT false,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id)
);

CREATE TABLE ml2_flat_allocations (
	physical_network VARCHAR(64) NOT NULL,
	PRIMARY KEY (physical_network)
);

CREATE TABLE ml2_geneve_allocations (
	geneve_vni INTEGER NOT NULL,
	allocated BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (geneve_vni)
);

CREATE TABLE ml2_geneve_endpoints (
	ip_address VARCHAR(64) NOT NULL,
	host VARCHAR(255),
	PRIMARY KEY (ip_address),
	CONSTRAINT unique_ml2_geneve_endpoints0host UNIQUE (host)
);

CREATE TABLE ml2_gre_allocations (
	gre_id INTEGER NOT NULL,
	allocated BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (gre_id)
);

CREATE TABLE ml2_gre_endpoints (
	ip_address VARCHAR(64) NOT NULL,
	host VARCHAR(255),
	PRIMARY KEY (ip_address),
	CONSTRAINT unique_ml2_gre_endpoints0host UNIQUE (host)
);

CREATE TABLE ml2_vlan_allocations (
	physical_network VARCHAR(64) NOT NULL,
	vlan_id INTEGER NOT NULL,
	allocated BOOLEAN NOT NULL,
	PRIMARY KEY (physical_network, vlan_id),
	CONSTRAINT check_ml2_vlan_allocations0vlan_id CHECK (vlan_id>=1 AND vlan_id<=4094)
);

CREATE TABLE ml2_vxlan_allocations (
	vxlan_vni INTEGER NOT NULL,
	allocated BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (vxlan_vni)
);

CREATE TABLE ml2_vxlan_endpoints (
	ip_address VARCHAR(64) NOT NULL,
	udp_port INTEGER NOT NULL,
	host VARCHAR(255),
	PRIMARY KEY (ip_address),
	CONSTRAINT unique_ml2_vxlan_endpoints0host UNIQUE (host)
);

CREATE TABLE ovn_hash_ring (
	node_uuid VARCHAR(36) NOT NULL,
	group_name VARCHAR(256) NOT NULL,
	hostname VARCHAR(256) NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	CONSTRAINT ovn_hash_ring0node_uuid0group_name PRIMARY KEY (node_uuid, group_name)
);

CREATE TABLE providerresourceassociations (
	provider_name VARCHAR(255) NOT NULL,
	resource_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (provider_name, resource_id),
	UNIQUE (resource_id)
);

CREATE TABLE quotas (
	resource VARCHAR(255),
	"limit" INTEGER,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	CONSTRAINT uniq_quotas0project_id0resource UNIQUE (project_id, resource)
);

CREATE TABLE quotausages (
	resource VARCHAR(255) NOT NULL,
	dirty BOOLEAN DEFAULT false NOT NULL,
	in_use INTEGER DEFAULT '0' NOT NULL,
	reserved INTEGER DEFAULT '0' NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (resource, project_id)
);

CREATE TABLE reservations (
	expiration TIMESTAMP WITHOUT TIME ZONE,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id)
);

CREATE TABLE security_groups_default_statefulness (
	project_id VARCHAR(255),
	stateful BOOLEAN DEFAULT true NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (project_id)
);

CREATE TABLE serviceprofiles (
	description VARCHAR(1024),
	driver VARCHAR(1024) NOT NULL,
	enabled BOOLEAN DEFAULT true NOT NULL,
	metainfo VARCHAR(4096),
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE standardattributes (
	id BIGSERIAL NOT NULL,
	resource_type VARCHAR(255) NOT NULL,
	description VARCHAR(255),
	revision_number BIGINT DEFAULT '0' NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	PRIMARY KEY (id)
);

CREATE TABLE vlan_allocations (
	vlan_id INTEGER NOT NULL,
	physnet VARCHAR(64) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_vlan_allocations0vlan_id0physnet UNIQUE (vlan_id, physnet)
);

CREATE TABLE vni_allocations (
	vni INTEGER NOT NULL,
	physnet VARCHAR(64) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_vni_allocations0vni0physnet UNIQUE (vni, physnet)
);

CREATE TABLE address_groups (
	name VARCHAR(255),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE addressscoperbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES address_scopes (id) ON DELETE CASCADE
);

CREATE TABLE flavorserviceprofilebindings (
	flavor_id VARCHAR(36) NOT NULL,
	service_profile_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (flavor_id, service_profile_id),
	FOREIGN KEY(flavor_id) REFERENCES flavors (id) ON DELETE CASCADE,
	FOREIGN KEY(service_profile_id) REFERENCES serviceprofiles (id) ON DELETE CASCADE
);

CREATE TABLE ipamallocationpools (
	ipam_subnet_id VARCHAR(36) NOT NULL,
	first_ip VARCHAR(64) NOT NULL,
	last_ip VARCHAR(64) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(ipam_subnet_id) REFERENCES ipamsubnets (id) ON DELETE CASCADE
);

CREATE TABLE ipamallocations (
	ip_address VARCHAR(64) NOT NULL,
	status VARCHAR(36),
	ipam_subnet_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (ip_address, ipam_subnet_id),
	FOREIGN KEY(ipam_subnet_id) REFERENCES ipamsubnets (id) ON DELETE CASCADE
);

CREATE TABLE logs (
	name VARCHAR(255),
	resource_type VARCHAR(36) NOT NULL,
	resource_id VARCHAR(36),
	event VARCHAR(255) NOT NULL,
	target_id VARCHAR(36),
	enabled BOOLEAN,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE meteringlabelrules (
	direction meteringlabels_direction,
	remote_ip_prefix VARCHAR(64),
	source_ip_prefix VARCHAR(64),
	destination_ip_prefix VARCHAR(64),
	metering_label_id VARCHAR(36) NOT NULL,
	excluded BOOLEAN DEFAULT false,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(metering_label_id) REFERENCES meteringlabels (id) ON DELETE CASCADE
);

CREATE TABLE network_segment_ranges (
	name VARCHAR(255),
	"default" BOOLEAN NOT NULL,
	shared BOOLEAN NOT NULL,
	project_id VARCHAR(255),
	network_type network_segment_range_network_type NOT NULL,
	physical_network VARCHAR(64) DEFAULT '' NOT NULL,
	minimum INTEGER,
	maximum INTEGER,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_network_segment_ranges UNIQUE ("default", network_type, physical_network, minimum, maximum),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE networks (
	name VARCHAR(255),
	status VARCHAR(16),
	admin_state_up BOOLEAN,
	vlan_transparent BOOLEAN,
	qinq BOOLEAN,
	availability_zone_hints VARCHAR(255),
	mtu INTEGER DEFAULT '1500' NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE ovn_revision_numbers (
	standard_attr_id BIGINT,
	resource_uuid VARCHAR(36) NOT NULL,
	resource_type VARCHAR(36) NOT NULL,
	revision_number BIGINT DEFAULT '0' NOT NULL,
	created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITHOUT TIME ZONE,
	CONSTRAINT ovn_revision_numbers0resource_uuid0resource_type PRIMARY KEY (resource_uuid, resource_type),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE SET NULL
);

CREATE TABLE provisioningblocks (
	standard_attr_id BIGINT NOT NULL,
	entity VARCHAR(255) NOT NULL,
	PRIMARY KEY (standard_attr_id, entity),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE qos_policies (
	name VARCHAR(255),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE resourcedeltas (
	resource VARCHAR(255) NOT NULL,
	reservation_id VARCHAR(36) NOT NULL,
	amount INTEGER,
	PRIMARY KEY (resource, reservation_id),
	FOREIGN KEY(reservation_id) REFERENCES reservations (id) ON DELETE CASCADE
);

CREATE TABLE securitygroupdefaultrules (
	direction defaultsecuritygrouprules_direction NOT NULL,
	ethertype VARCHAR(40),
	remote_group_id VARCHAR(36),
	protocol VARCHAR(40),
	port_range_min INTEGER,
	port_range_max INTEGER,
	remote_ip_prefix VARCHAR(255),
	remote_address_group_id VARCHAR(36),
	used_in_default_sg BOOLEAN DEFAULT false NOT NULL,
	used_in_non_default_sg BOOLEAN DEFAULT true NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE securitygroups (
	name VARCHAR(255),
	stateful BOOLEAN DEFAULT true NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE subnetpools (
	name VARCHAR(255),
	ip_version INTEGER NOT NULL,
	default_prefixlen INTEGER NOT NULL,
	min_prefixlen INTEGER NOT NULL,
	max_prefixlen INTEGER NOT NULL,
	shared BOOLEAN DEFAULT false NOT NULL,
	is_default BOOLEAN DEFAULT false NOT NULL,
	default_quota INTEGER,
	hash VARCHAR(36) DEFAULT '' NOT NULL,
	address_scope_id VARCHAR(36),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE tags (
	standard_attr_id BIGINT NOT NULL,
	tag VARCHAR(255) NOT NULL,
	PRIMARY KEY (standard_attr_id, tag),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE vni_vlan_mapping (
	vni_allocation_id VARCHAR(36) NOT NULL,
	vlan_allocation_id VARCHAR(36) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (vni_allocation_id),
	FOREIGN KEY(vni_allocation_id) REFERENCES vni_allocations (id) ON DELETE RESTRICT,
	UNIQUE (vlan_allocation_id),
	FOREIGN KEY(vlan_allocation_id) REFERENCES vlan_allocations (id) ON DELETE RESTRICT
);

CREATE TABLE address_associations (
	address VARCHAR(64) NOT NULL,
	address_group_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (address, address_group_id),
	FOREIGN KEY(address_group_id) REFERENCES address_groups (id) ON DELETE CASCADE
);

CREATE TABLE addressgrouprbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES address_groups (id) ON DELETE CASCADE
);

CREATE TABLE default_security_group (
	security_group_id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (project_id),
	FOREIGN KEY(security_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE
);

CREATE TABLE dvr_fip_gateway_port_network (
	network_id VARCHAR(36) NOT NULL,
	agent_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (network_id, agent_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE,
	FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE TABLE externalnetworks (
	network_id VARCHAR(36) NOT NULL,
	is_default BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE ha_router_networks (
	network_id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (network_id, project_id),
	CONSTRAINT uniq_ha_router_networks0project_id UNIQUE (project_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE ha_router_vrid_allocations (
	network_id VARCHAR(36) NOT NULL,
	vr_id INTEGER NOT NULL,
	PRIMARY KEY (network_id, vr_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE network_subnet_lock (
	network_id VARCHAR(36) NOT NULL,
	subnet_id VARCHAR(36),
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE networkdhcpagentbindings (
	network_id VARCHAR(36) NOT NULL,
	dhcp_agent_id VARCHAR(36) NOT NULL,
	binding_index INTEGER DEFAULT '1' NOT NULL,
	PRIMARY KEY (network_id, dhcp_agent_id),
	CONSTRAINT uniq_network_dhcp_agent_binding0network_id0binding_index0 UNIQUE (network_id, binding_index),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE,
	FOREIGN KEY(dhcp_agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE TABLE networkdnsdomains (
	network_id VARCHAR(36) NOT NULL,
	dns_domain VARCHAR(255) NOT NULL,
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE networkpvlan (
	network_id VARCHAR(36) NOT NULL,
	pvlan BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE networkrbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE networksecuritybindings (
	network_id VARCHAR(36) NOT NULL,
	port_security_enabled BOOLEAN NOT NULL,
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE networksegments (
	network_id VARCHAR(36) NOT NULL,
	network_type VARCHAR(32) NOT NULL,
	physical_network VARCHAR(64),
	segmentation_id INTEGER,
	is_dynamic BOOLEAN DEFAULT false NOT NULL,
	segment_index INTEGER DEFAULT '0' NOT NULL,
	name VARCHAR(255),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_networksegment0network_id0network_type0physnet0sidx UNIQUE (network_id, network_type, physical_network, segment_index),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE,
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE ports (
	name VARCHAR(255),
	network_id VARCHAR(36) NOT NULL,
	mac_address VARCHAR(32) NOT NULL,
	admin_state_up BOOLEAN NOT NULL,
	status VARCHAR(16) NOT NULL,
	device_id VARCHAR(255) NOT NULL,
	device_owner VARCHAR(255) NOT NULL,
	ip_allocation VARCHAR(16),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	CONSTRAINT uniq_ports0network_id0mac_address UNIQUE (network_id, mac_address),
	CONSTRAINT uniq_ports0id0network_id UNIQUE (id, network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE qos_bandwidth_limit_rules (
	qos_policy_id VARCHAR(36) NOT NULL,
	max_kbps INTEGER,
	max_burst_kbps INTEGER,
	direction directions DEFAULT 'egress' NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT qos_bandwidth_rules0qos_policy_id0direction UNIQUE (qos_policy_id, direction),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qos_dscp_marking_rules (
	qos_policy_id VARCHAR(36) NOT NULL,
	dscp_mark INTEGER,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (qos_policy_id),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qos_minimum_bandwidth_rules (
	qos_policy_id VARCHAR(36) NOT NULL,
	min_kbps INTEGER,
	direction directions DEFAULT 'egress' NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT qos_minimum_bandwidth_rules0qos_policy_id0direction UNIQUE (qos_policy_id, direction),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qos_minimum_packet_rate_rules (
	qos_policy_id VARCHAR(36),
	min_kpps INTEGER NOT NULL,
	direction qos_minimum_packet_rate_rules_directions DEFAULT 'egress' NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT qos_minimum_packet_rate_rules0qos_policy_id0direction UNIQUE (qos_policy_id, direction),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qos_network_policy_bindings (
	policy_id VARCHAR(36) NOT NULL,
	network_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (policy_id, network_id),
	FOREIGN KEY(policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE,
	UNIQUE (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE qos_packet_rate_limit_rules (
	qos_policy_id VARCHAR(36) NOT NULL,
	max_kpps INTEGER,
	max_burst_kpps INTEGER,
	direction qos_packet_rate_limit_rules_directions DEFAULT 'egress' NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT qos_packet_rate_limit_rules0qos_policy_id0direction UNIQUE (qos_policy_id, direction),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qos_policies_default (
	qos_policy_id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (project_id),
	FOREIGN KEY(qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE qospolicyrbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);

CREATE TABLE securitygrouprbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES securitygroups (id) ON DELETE CASCADE
);

CREATE TABLE securitygrouprules (
	security_group_id VARCHAR(36) NOT NULL,
	remote_group_id VARCHAR(36),
	remote_address_group_id VARCHAR(36),
	direction securitygrouprules_direction,
	ethertype VARCHAR(40),
	protocol VARCHAR(40),
	port_range_min INTEGER,
	port_range_max INTEGER,
	remote_ip_prefix VARCHAR(255),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	FOREIGN KEY(security_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE,
	FOREIGN KEY(remote_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE,
	FOREIGN KEY(remote_address_group_id) REFERENCES address_groups (id) ON DELETE CASCADE,
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE subnetpoolprefixes (
	cidr VARCHAR(64) NOT NULL,
	subnetpool_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (cidr, subnetpool_id),
	FOREIGN KEY(subnetpool_id) REFERENCES subnetpools (id) ON DELETE CASCADE
);

CREATE TABLE subnetpoolrbacs (
	object_id VARCHAR(36) NOT NULL,
	target_project VARCHAR(255) NOT NULL,
	action VARCHAR(255) NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (target_project, object_id, action),
	FOREIGN KEY(object_id) REFERENCES subnetpools (id) ON DELETE CASCADE
);

CREATE TABLE allowedaddresspairs (
	port_id VARCHAR(36) NOT NULL,
	mac_address VARCHAR(32) NOT NULL,
	ip_address VARCHAR(64) NOT NULL,
	PRIMARY KEY (port_id, mac_address, ip_address),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE extradhcpopts (
	port_id VARCHAR(36) NOT NULL,
	opt_name VARCHAR(64) NOT NULL,
	opt_value VARCHAR(255) NOT NULL,
	ip_version INTEGER DEFAULT '4' NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_extradhcpopts0portid0optname0ipversion UNIQUE (port_id, opt_name, ip_version),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE local_ips (
	name VARCHAR(255),
	local_port_id VARCHAR(36) NOT NULL,
	network_id VARCHAR(36) NOT NULL,
	local_ip_address VARCHAR(64) NOT NULL,
	ip_mode VARCHAR(32) NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	FOREIGN KEY(local_port_id) REFERENCES ports (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE ml2_distributed_port_bindings (
	port_id VARCHAR(36) NOT NULL,
	host VARCHAR(255) NOT NULL,
	router_id VARCHAR(36),
	vif_type VARCHAR(64) NOT NULL,
	vif_details VARCHAR(4095) DEFAULT '' NOT NULL,
	vnic_type VARCHAR(64) DEFAULT 'normal' NOT NULL,
	profile VARCHAR(4095) DEFAULT '' NOT NULL,
	status VARCHAR(16) NOT NULL,
	PRIMARY KEY (port_id, host),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE ml2_port_binding_levels (
	port_id VARCHAR(36) NOT NULL,
	host VARCHAR(255) NOT NULL,
	level INTEGER NOT NULL,
	driver VARCHAR(64),
	segment_id VARCHAR(36),
	PRIMARY KEY (port_id, host, level),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(segment_id) REFERENCES networksegments (id) ON DELETE SET NULL
);

CREATE TABLE ml2_port_bindings (
	port_id VARCHAR(36) NOT NULL,
	host VARCHAR(255) DEFAULT '' NOT NULL,
	vnic_type VARCHAR(64) DEFAULT 'normal' NOT NULL,
	profile VARCHAR(4095) DEFAULT '' NOT NULL,
	vif_type VARCHAR(64) NOT NULL,
	vif_details VARCHAR(4095) DEFAULT '' NOT NULL,
	status VARCHAR(16) DEFAULT 'ACTIVE' NOT NULL,
	PRIMARY KEY (port_id, host),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portdataplanestatuses (
	port_id VARCHAR(36) NOT NULL,
	data_plane_status VARCHAR(16),
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portdeviceprofiles (
	port_id VARCHAR(36) NOT NULL,
	device_profile VARCHAR(255),
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portdnses (
	port_id VARCHAR(36) NOT NULL,
	current_dns_name VARCHAR(255) NOT NULL,
	current_dns_domain VARCHAR(255) NOT NULL,
	previous_dns_name VARCHAR(255) NOT NULL,
	previous_dns_domain VARCHAR(255) NOT NULL,
	dns_name VARCHAR(255) NOT NULL,
	dns_domain VARCHAR(255) DEFAULT '' NOT NULL,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE porthardwareoffloadtype (
	port_id VARCHAR(36) NOT NULL,
	hardware_offload_type VARCHAR(255),
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE porthints (
	port_id VARCHAR(36) NOT NULL,
	hints VARCHAR(4095) NOT NULL,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portnumaaffinitypolicies (
	port_id VARCHAR(36) NOT NULL,
	numa_affinity_policy numa_affinity_policy,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portpvlan (
	port_id VARCHAR(36) NOT NULL,
	pvlan_type pvlan_type_enum NOT NULL,
	pvlan_community VARCHAR(255),
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portsecuritybindings (
	port_id VARCHAR(36) NOT NULL,
	port_security_enabled BOOLEAN NOT NULL,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE porttrusted (
	port_id VARCHAR(36) NOT NULL,
	trusted BOOLEAN,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE portuplinkstatuspropagation (
	port_id VARCHAR(36) NOT NULL,
	propagate_uplink_status BOOLEAN DEFAULT true NOT NULL,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE qos_port_policy_bindings (
	policy_id VARCHAR(36) NOT NULL,
	port_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (policy_id, port_id),
	FOREIGN KEY(policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE,
	UNIQUE (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE routers (
	name VARCHAR(255),
	status VARCHAR(16),
	admin_state_up BOOLEAN,
	gw_port_id VARCHAR(36),
	flavor_id VARCHAR(36),
	enable_snat BOOLEAN DEFAULT true NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	FOREIGN KEY(gw_port_id) REFERENCES ports (id),
	FOREIGN KEY(flavor_id) REFERENCES flavors (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE securitygroupportbindings (
	port_id VARCHAR(36) NOT NULL,
	security_group_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (port_id, security_group_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(security_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE
);

CREATE TABLE segmenthostmappings (
	segment_id VARCHAR(36) NOT NULL,
	host VARCHAR(255) NOT NULL,
	PRIMARY KEY (segment_id, host),
	FOREIGN KEY(segment_id) REFERENCES networksegments (id) ON DELETE CASCADE
);

CREATE TABLE subnets (
	name VARCHAR(255),
	network_id VARCHAR(36) NOT NULL,
	segment_id VARCHAR(36),
	subnetpool_id VARCHAR(36),
	ip_version INTEGER NOT NULL,
	cidr VARCHAR(64) NOT NULL,
	gateway_ip VARCHAR(64),
	enable_dhcp BOOLEAN,
	ipv6_ra_mode ipv6_ra_modes,
	ipv6_address_mode ipv6_address_modes,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	FOREIGN KEY(network_id) REFERENCES networks (id),
	FOREIGN KEY(segment_id) REFERENCES networksegments (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE trunks (
	admin_state_up BOOLEAN DEFAULT true NOT NULL,
	name VARCHAR(255),
	port_id VARCHAR(36) NOT NULL,
	status VARCHAR(16) DEFAULT 'ACTIVE' NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	UNIQUE (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE auto_allocated_topologies (
	network_id VARCHAR(36) NOT NULL,
	router_id VARCHAR(36),
	project_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (project_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE,
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE SET NULL
);

CREATE TABLE conntrack_helpers (
	router_id VARCHAR(36) NOT NULL,
	protocol VARCHAR(40) NOT NULL,
	port INTEGER NOT NULL,
	helper VARCHAR(64) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_conntrack_helpers0router_id0protocol0port0helper UNIQUE (router_id, protocol, port, helper),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE
);

CREATE TABLE dnsnameservers (
	address VARCHAR(128) NOT NULL,
	subnet_id VARCHAR(36) NOT NULL,
	"order" INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (address, subnet_id),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE evpn_l3_instances (
	router_id VARCHAR(36) NOT NULL,
	mapping_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (router_id),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE RESTRICT,
	UNIQUE (mapping_id),
	FOREIGN KEY(mapping_id) REFERENCES vni_vlan_mapping (id) ON DELETE CASCADE
);

CREATE TABLE floatingips (
	floating_ip_address VARCHAR(64) NOT NULL,
	floating_network_id VARCHAR(36) NOT NULL,
	floating_port_id VARCHAR(36) NOT NULL,
	fixed_port_id VARCHAR(36),
	fixed_ip_address VARCHAR(64),
	router_id VARCHAR(36),
	last_known_router_id VARCHAR(36),
	status VARCHAR(16),
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	CONSTRAINT uniq_floatingips0floatingnetworkid0fixedportid0fixedipaddress UNIQUE (floating_network_id, fixed_port_id, fixed_ip_address),
	FOREIGN KEY(floating_port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(fixed_port_id) REFERENCES ports (id),
	FOREIGN KEY(router_id) REFERENCES routers (id),
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE ha_router_agent_port_bindings (
	port_id VARCHAR(36) NOT NULL,
	router_id VARCHAR(36) NOT NULL,
	l3_agent_id VARCHAR(36),
	state l3_ha_states DEFAULT 'standby',
	PRIMARY KEY (port_id),
	CONSTRAINT uniq_ha_router_agent_port_bindings0port_id0l3_agent_id UNIQUE (router_id, l3_agent_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE,
	FOREIGN KEY(l3_agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE TABLE ipallocationpools (
	subnet_id VARCHAR(36),
	first_ip VARCHAR(64) NOT NULL,
	last_ip VARCHAR(64) NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE ipallocations (
	port_id VARCHAR(36),
	ip_address VARCHAR(64) NOT NULL,
	subnet_id VARCHAR(36) NOT NULL,
	network_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (ip_address, subnet_id, network_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE,
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE CASCADE
);

CREATE TABLE local_ip_associations (
	local_ip_id VARCHAR(36) NOT NULL,
	fixed_port_id VARCHAR(36) NOT NULL,
	fixed_ip VARCHAR(64) NOT NULL,
	PRIMARY KEY (local_ip_id, fixed_port_id),
	FOREIGN KEY(local_ip_id) REFERENCES local_ips (id),
	FOREIGN KEY(fixed_port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE ndp_proxies (
	name VARCHAR(255),
	router_id VARCHAR(36) NOT NULL,
	port_id VARCHAR(36) NOT NULL,
	ip_address VARCHAR(64) NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	project_id VARCHAR(255),
	PRIMARY KEY (id),
	CONSTRAINT uniq_ndp_proxy0router_id0ip_address UNIQUE (router_id, ip_address),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE,
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE qos_router_gw_policy_bindings (
	policy_id VARCHAR(36) NOT NULL,
	router_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (policy_id, router_id),
	FOREIGN KEY(policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE,
	UNIQUE (router_id),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE
);

CREATE TABLE router_extra_attributes (
	router_id VARCHAR(36) NOT NULL,
	distributed BOOLEAN DEFAULT false NOT NULL,
	service_router BOOLEAN DEFAULT false NOT NULL,
	ha BOOLEAN DEFAULT false NOT NULL,
	ha_vr_id INTEGER,
	availability_zone_hints VARCHAR(255),
	enable_default_route_ecmp BOOLEAN DEFAULT false NOT NULL,
	enable_default_route_bfd BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (router_id),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE
);

CREATE TABLE router_ndp_proxy_state (
	router_id VARCHAR(36) NOT NULL,
	enable_ndp_proxy BOOLEAN NOT NULL,
	PRIMARY KEY (router_id),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE
);

CREATE TABLE routerl3agentbindings (
	router_id VARCHAR(36) NOT NULL,
	l3_agent_id VARCHAR(36) NOT NULL,
	binding_index INTEGER DEFAULT '1' NOT NULL,
	PRIMARY KEY (router_id, l3_agent_id),
	CONSTRAINT uniq_router_l3_agent_binding0router_id0binding_index0 UNIQUE (router_id, binding_index),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE,
	FOREIGN KEY(l3_agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE TABLE routerports (
	router_id VARCHAR(36) NOT NULL,
	port_id VARCHAR(36) NOT NULL,
	port_type VARCHAR(255),
	PRIMARY KEY (router_id, port_id),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE,
	UNIQUE (port_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE
);

CREATE TABLE routerroutes (
	router_id VARCHAR(36) NOT NULL,
	destination VARCHAR(64) NOT NULL,
	nexthop VARCHAR(64) NOT NULL,
	PRIMARY KEY (router_id, destination, nexthop),
	FOREIGN KEY(router_id) REFERENCES routers (id) ON DELETE CASCADE
);

CREATE TABLE subnet_bgp_leak_routes (
	subnet_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (subnet_id),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE subnet_dns_publish_fixed_ips (
	subnet_id VARCHAR(36) NOT NULL,
	dns_publish_fixed_ip BOOLEAN DEFAULT false NOT NULL,
	PRIMARY KEY (subnet_id),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE subnet_service_types (
	subnet_id VARCHAR(36) NOT NULL,
	service_type VARCHAR(255) NOT NULL,
	PRIMARY KEY (subnet_id, service_type),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE subnetroutes (
	subnet_id VARCHAR(36) NOT NULL,
	destination VARCHAR(64) NOT NULL,
	nexthop VARCHAR(64) NOT NULL,
	PRIMARY KEY (subnet_id, destination, nexthop),
	FOREIGN KEY(subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
);

CREATE TABLE subports (
	port_id VARCHAR(36) NOT NULL,
	trunk_id VARCHAR(36) NOT NULL,
	segmentation_type VARCHAR(32) NOT NULL,
	segmentation_id INTEGER NOT NULL,
	PRIMARY KEY (port_id),
	CONSTRAINT uniq_subport0trunk_id0segmentation_type0segmentation_id UNIQUE (trunk_id, segmentation_type, segmentation_id),
	FOREIGN KEY(port_id) REFERENCES ports (id) ON DELETE CASCADE,
	FOREIGN KEY(trunk_id) REFERENCES trunks (id) ON DELETE CASCADE
);

CREATE TABLE evpn_networks (
	network_id VARCHAR(36) NOT NULL,
	router_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (network_id),
	FOREIGN KEY(network_id) REFERENCES networks (id) ON DELETE RESTRICT,
	FOREIGN KEY(router_id) REFERENCES evpn_l3_instances (router_id) ON DELETE RESTRICT
);

CREATE TABLE floatingipdnses (
	floatingip_id VARCHAR(36) NOT NULL,
	dns_name VARCHAR(255) NOT NULL,
	dns_domain VARCHAR(255) NOT NULL,
	published_dns_name VARCHAR(255) NOT NULL,
	published_dns_domain VARCHAR(255) NOT NULL,
	PRIMARY KEY (floatingip_id),
	FOREIGN KEY(floatingip_id) REFERENCES floatingips (id) ON DELETE CASCADE
);

CREATE TABLE portforwardings (
	floatingip_id VARCHAR(36) NOT NULL,
	internal_neutron_port_id VARCHAR(36) NOT NULL,
	protocol VARCHAR(40) NOT NULL,
	internal_ip_address VARCHAR(64) NOT NULL,
	internal_port_start INTEGER NOT NULL,
	external_port_start INTEGER NOT NULL,
	internal_port_end INTEGER NOT NULL,
	external_port_end INTEGER NOT NULL,
	standard_attr_id BIGINT NOT NULL,
	id VARCHAR(36) NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT uniq_port_forwardings0floatingip_id0protocol0external_ports UNIQUE (floatingip_id, protocol, external_port_start, external_port_end),
	CONSTRAINT uniq_port_forwardings0ptcl0in_prt_id0in_ip_addr0in_prts UNIQUE (protocol, internal_neutron_port_id, internal_ip_address, internal_port_start, internal_port_end),
	FOREIGN KEY(floatingip_id) REFERENCES floatingips (id) ON DELETE CASCADE,
	FOREIGN KEY(internal_neutron_port_id) REFERENCES ports (id) ON DELETE CASCADE,
	UNIQUE (standard_attr_id),
	FOREIGN KEY(standard_attr_id) REFERENCES standardattributes (id) ON DELETE CASCADE
);

CREATE TABLE qos_fip_policy_bindings (
	policy_id VARCHAR(36) NOT NULL,
	fip_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (policy_id, fip_id),
	FOREIGN KEY(policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE,
	UNIQUE (fip_id),
	FOREIGN KEY(fip_id) REFERENCES floatingips (id) ON DELETE CASCADE
);

CREATE TABLE evpn_advertised_ports (
	port_id VARCHAR(36) NOT NULL,
	network_id VARCHAR(36) NOT NULL,
	PRIMARY KEY (port_id),
	FOREIGN KEY(port_id, network_id) REFERENCES ports (id, network_id) ON DELETE CASCADE,
	FOREIGN KEY(network_id) REFERENCES evpn_networks (network_id) ON DELETE CASCADE
);
