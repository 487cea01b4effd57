import {
  AimOutlined,
  ApartmentOutlined,
  AppstoreOutlined,
  AuditOutlined,
  BankOutlined,
  BarChartOutlined,
  BookOutlined,
  CarOutlined,
  DatabaseOutlined,
  EnvironmentOutlined,
  ExperimentOutlined,
  FileTextOutlined,
  FormOutlined,
  FundOutlined,
  GlobalOutlined,
  HeartOutlined,
  HomeOutlined,
  InboxOutlined,
  MedicineBoxOutlined,
  NotificationOutlined,
  ProfileOutlined,
  ReadOutlined,
  SafetyCertificateOutlined,
  ShopOutlined,
  SolutionOutlined,
  TeamOutlined,
  ToolOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { View } from "../api/types";

type Drawn = ComponentType<{ "aria-hidden"?: boolean; className?: string }>;

/** Words a pack may give as `icon`. An unknown word gets the icon of the screen's view. */
const named: Record<string, Drawn> = {
  aim: AimOutlined,
  audit: AuditOutlined,
  bank: BankOutlined,
  board: FundOutlined,
  book: BookOutlined,
  car: CarOutlined,
  case: ProfileOutlined,
  chart: BarChartOutlined,
  data: DatabaseOutlined,
  experiment: ExperimentOutlined,
  file: FileTextOutlined,
  form: FormOutlined,
  globe: GlobalOutlined,
  health: MedicineBoxOutlined,
  heart: HeartOutlined,
  home: HomeOutlined,
  inbox: InboxOutlined,
  law: ReadOutlined,
  list: ProfileOutlined,
  map: EnvironmentOutlined,
  mine: SolutionOutlined,
  notice: NotificationOutlined,
  org: ApartmentOutlined,
  report: NotificationOutlined,
  safety: SafetyCertificateOutlined,
  shop: ShopOutlined,
  team: TeamOutlined,
  tool: ToolOutlined,
};

const byView: Record<View, Drawn> = {
  form: FormOutlined,
  list: ProfileOutlined,
  inbox: InboxOutlined,
  map: EnvironmentOutlined,
  board: FundOutlined,
  law: ReadOutlined,
  catalogue: AppstoreOutlined,
  grants: SafetyCertificateOutlined,
  "open-data": DatabaseOutlined,
};

export function ScreenIcon({ icon, view, className }: { icon?: string; view: View; className?: string }) {
  const Drawn = (icon !== undefined && Object.hasOwn(named, icon) ? named[icon] : undefined) ?? byView[view] ?? ProfileOutlined;
  return <Drawn aria-hidden className={className} />;
}
